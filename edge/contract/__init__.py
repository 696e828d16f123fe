"""The shared words: frozen values that know no hardware, no database and no network.

Import from the modules (`edge.contract.result`, `edge.contract.manifest`, …); nothing here imports anything heavy.
"""
