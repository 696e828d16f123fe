// Words of the service that a page shows: in the language of the page, never as they are sent.

import { t } from "./language.js";

const LABELS = { good: t("good"), defect: t("defect"), unsure: t("unsure") };

/** A name that people gave stays; "defect" is what nobody named. */
export const typeWord = (type) => LABELS[type] ?? type;

/** What somebody said of a part: the type of the defect where there is one. */
export const labelWord = ({ label, defect_type: type }) => typeWord(type ?? label);
