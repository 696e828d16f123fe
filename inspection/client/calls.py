"""Every operation of the API, typed. Written by `inspection openapi`; change nothing here by hand."""

from datetime import date, datetime
from edge.contract.link import LivePicture
from edge.contract.result import Verdict
from edge.plant.caller import quoted
from edge.plant.calls import LinkCalls
from inspection.analytics.summary import Step
from inspection.api.alert_schemas import Acknowledgement, Alert
from inspection.api.analytics_schemas import Analytics
from inspection.api.data_schemas import DataChanges, DataVersion, DataVersionContent, RetrainingPlan, RetrainingStarted
from inspection.api.drift_schemas import Drift
from inspection.api.learning_schemas import Acceptance, AcceptanceUndone, NewAcceptance
from inspection.api.model_schemas import GateReport, Heldout, Job, JobWithLog, Lineage, ModelVersion, Models, NewEvaluateJob, NewGateJob, NewReplayJob, NewThresholdJob, NewTrainJob, Promote, Promotion, PublicKey, Rollback, Trial
from inspection.api.recipe_schemas import ImageAdded, NewRecipeVersion, Origin, RecipeVersion
from inspection.api.review_schemas import AuditPlan, AuditReport, BatchLabelled, BesideResult, Groups, NewBatchLabel, NewLabel, ReviewQueue, ReviewerMeasured
from inspection.api.rollout_schemas import NewRollout, Rollout, RolloutReason
from inspection.api.routes.results import ImageSize
from inspection.api.schemas import ApiKey, ApiKeyOnce, AuditCheck, AuditEntry, Credentials, Doubt, MaskKept, Me, NewApiKey, NewRecipe, NewRuling, NewStation, NewUser, Recipe, ResultPage, Retention, RetiredStation, SampleAdded, SampleCounts, SamplePage, ShownLabel, Station, StationKey, StationLine, StationRetirement, StoredResult, User, UserChange
from inspection.api.shadow_schemas import NewShadow, Shadow
from inspection.registry.recipe_settings import Difference
from inspection.review.queue import Order
from inspection.review.states import PartState
from inspection.review.wanted import LabelState
from inspection.samples.statements import Label

__all__ = ["PlantCalls"]


class PlantCalls(LinkCalls):
    """A method for each operation, by the name that docs/openapi.json gives it.

    Every method raises `PlantUnreachable` where nobody answers (`PlantBusy` where it asks to wait), and `PlantRefused`
    with the plant's own words where it says no.
    """

    def get_alerts(self, *, open_: bool | None = None, limit: int | None = None) -> list[Alert]:
        """Alerts, newest first."""
        return self.read(list[Alert], self.ask("GET", "/api/v1/alerts", query={"open": open_, "limit": limit}))

    def post_acknowledgement(self, alert_id: str, body: Acknowledgement) -> Alert:
        """Say that somebody has seen it and cares; it closes when its cause is gone."""
        return self.read(Alert, self.ask("POST", f"/api/v1/alerts/{quoted(alert_id)}/acknowledgement", body=body))

    def get_analytics(self, *, since: datetime | None = None, until: datetime | None = None, step: Step | None = None, utc_offset_min: int | None = None, recipe: str | None = None, station: str | None = None, shift_day: date | None = None, shift_start: str | None = None, shift_hours: int | None = None) -> Analytics:
        """What a line did between two instants, by hour or day; or in a shift, by hour."""
        return self.read(Analytics, self.ask("GET", "/api/v1/analytics", query={"since": since, "until": until, "step": step, "utc_offset_min": utc_offset_min, "recipe": recipe, "station": station, "shift_day": shift_day, "shift_start": shift_start, "shift_hours": shift_hours}))

    def get_analytics_table(self, *, since: datetime | None = None, until: datetime | None = None, step: Step | None = None, utc_offset_min: int | None = None, recipe: str | None = None, station: str | None = None, shift_day: date | None = None, shift_start: str | None = None, shift_hours: int | None = None) -> bytes:
        """The buckets as CSV."""
        return self.ask("GET", "/api/v1/analytics.csv", query={"since": since, "until": until, "step": step, "utc_offset_min": utc_offset_min, "recipe": recipe, "station": station, "shift_day": shift_day, "shift_start": shift_start, "shift_hours": shift_hours}).content

    def get_chart_table(self, chart: str, *, since: datetime | None = None, until: datetime | None = None, step: Step | None = None, utc_offset_min: int | None = None, recipe: str | None = None, station: str | None = None, shift_day: date | None = None, shift_start: str | None = None, shift_hours: int | None = None) -> bytes:
        """What one chart is drawn from as CSV, units in the names of the columns."""
        return self.ask("GET", f"/api/v1/analytics/{quoted(chart)}.csv", query={"since": since, "until": until, "step": step, "utc_offset_min": utc_offset_min, "recipe": recipe, "station": station, "shift_day": shift_day, "shift_start": shift_start, "shift_hours": shift_hours}).content

    def get_api_keys(self) -> list[ApiKey]:
        """All keys of programs, revoked ones too."""
        return self.read(list[ApiKey], self.ask("GET", "/api/v1/api-keys"))

    def post_api_key(self, body: NewApiKey) -> ApiKeyOnce:
        """Make a key for a program, sent as `Authorization: Bearer ik_…`; it is shown this once."""
        return self.read(ApiKeyOnce, self.ask("POST", "/api/v1/api-keys", body=body))

    def post_revocation(self, name: str) -> ApiKey:
        """Take a key's rights away at once."""
        return self.read(ApiKey, self.ask("POST", f"/api/v1/api-keys/{quoted(name)}/revoke"))

    def get_audit(self, *, limit: int | None = None, before: int | None = None) -> list[AuditEntry]:
        """Rows of the audit log, newest first."""
        return self.read(list[AuditEntry], self.ask("GET", "/api/v1/audit", query={"limit": limit, "before": before}))

    def get_audit_verification(self) -> AuditCheck:
        """Recompute every hash of the audit log."""
        return self.read(AuditCheck, self.ask("GET", "/api/v1/audit/verification"))

    def get_drift(self, *, station: str | None = None, recipe: str | None = None) -> list[Drift]:
        """Each camera's recent hours against the first hours of its bundle, and those against the bundle before."""
        return self.read(list[Drift], self.ask("GET", "/api/v1/drift", query={"station": station, "recipe": recipe}))

    def get_drift_table(self, *, station: str | None = None, recipe: str | None = None) -> bytes:
        """The same as CSV, a row for each measure."""
        return self.ask("GET", "/api/v1/drift.csv", query={"station": station, "recipe": recipe}).content

    def get_image(self, sha256: str, *, size: ImageSize | None = None) -> bytes:
        """A stored image, or a JPEG of it in the size of a page."""
        return self.ask("GET", f"/api/v1/images/{quoted(sha256)}", query={"size": size}).content

    def get_jobs(self, *, recipe: str | None = None, limit: int | None = None) -> list[Job]:
        """Jobs, newest first."""
        return self.read(list[Job], self.ask("GET", "/api/v1/jobs", query={"recipe": recipe, "limit": limit}))

    def post_job(self, body: NewTrainJob | NewGateJob | NewThresholdJob | NewEvaluateJob | NewReplayJob) -> Job:
        """Ask for a job; it runs when those before it are done."""
        return self.read(Job, self.ask("POST", "/api/v1/jobs", body=body))

    def get_job(self, job_id: str) -> JobWithLog:
        """A job with the end of its log."""
        return self.read(JobWithLog, self.ask("GET", f"/api/v1/jobs/{quoted(job_id)}"))

    def post_cancel(self, job_id: str) -> Job:
        """Stop a job."""
        return self.read(Job, self.ask("POST", f"/api/v1/jobs/{quoted(job_id)}/cancel"))

    def get_public_key(self) -> PublicKey:
        """The key that stations must trust."""
        return self.read(PublicKey, self.ask("GET", "/api/v1/keys/public"))

    def post_label(self, body: NewLabel) -> ShownLabel:
        """Say what is true of a part; `retracted` takes the person's label back."""
        return self.read(ShownLabel, self.ask("POST", "/api/v1/labels", body=body))

    def post_batch(self, body: NewBatchLabel) -> BatchLabelled:
        """Say the same of alike parts, of all of them or of none."""
        return self.read(BatchLabelled, self.ask("POST", "/api/v1/labels/batch", body=body))

    def login(self, body: Credentials) -> Me:
        """Sign in; the session comes as a cookie."""
        return self.read(Me, self.ask("POST", "/api/v1/login", body=body))

    def logout(self) -> None:
        """Sign out; a program's key has no session to end."""
        self.ask("POST", "/api/v1/logout")

    def me(self) -> Me:
        """Who is signed in, or whose key this is (it needs no CSRF token)."""
        return self.read(Me, self.ask("GET", "/api/v1/me"))

    def get_recipes(self) -> list[Recipe]:
        """All recipes."""
        return self.read(list[Recipe], self.ask("GET", "/api/v1/recipes"))

    def post_recipe(self, body: NewRecipe) -> Recipe:
        """Make a recipe; what people have said of its parts by now counts for it."""
        return self.read(Recipe, self.ask("POST", "/api/v1/recipes", body=body))

    def get_acceptances(self, recipe: str) -> list[Acceptance]:
        """What was accepted as good, newest first."""
        return self.read(list[Acceptance], self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/acceptances"))

    def post_acceptance(self, recipe: str, body: NewAcceptance) -> Acceptance:
        """Label results good, and teach the champion to let such parts pass: no training, no known defect lost."""
        return self.read(Acceptance, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/acceptances", body=body))

    def delete_acceptance(self, recipe: str, acceptance_id: str) -> AcceptanceUndone:
        """Take it back in one call: labels, and what the champion learnt of it, by going back or by a job of seconds."""
        return self.read(AcceptanceUndone, self.ask("DELETE", f"/api/v1/recipes/{quoted(recipe)}/acceptances/{quoted(acceptance_id)}"))

    def post_bundle(self, recipe: str, content: bytes) -> ModelVersion:
        """Add a bundle that was made elsewhere (the file is the body); run the gate before promoting it."""
        return self.read(ModelVersion, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/bundles", content=content))

    def get_data_versions(self, recipe: str) -> list[DataVersion]:
        """What trainings and gates of the recipe used, newest first."""
        return self.read(list[DataVersion], self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/data-versions"))

    def get_data_changes(self, recipe: str, *, before: str, after: str) -> DataChanges:
        """What differs between two versions."""
        return self.read(DataChanges, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/data-versions/comparison", query={"before": before, "after": after}))

    def get_data_version(self, recipe: str, version: str) -> DataVersionContent:
        """A version with its images."""
        return self.read(DataVersionContent, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/data-versions/{quoted(version)}"))

    def post_image(self, recipe: str, content: bytes) -> ImageAdded:
        """Add an image (the raw file is the body) that a version may name: a golden image, a mask of what is ignored."""
        return self.read(ImageAdded, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/images", content=content))

    def get_models(self, recipe: str) -> Models:
        """Everything about a recipe's models."""
        return self.read(Models, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/models"))

    def get_gate(self, recipe: str, bundle_id: str, *, limit: int | None = None, offset: int | None = None) -> GateReport:
        """What the gate said of a bundle, in words, and the parts on which it and the champion disagree."""
        return self.read(GateReport, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/models/{quoted(bundle_id)}/gate", query={"limit": limit, "offset": offset}))

    def get_heldout(self, recipe: str, bundle_id: str) -> Heldout:
        """Scores of held-out parts, by which a person sees what another threshold would do."""
        return self.read(Heldout, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/models/{quoted(bundle_id)}/heldout"))

    def get_lineage(self, recipe: str, bundle_id: str) -> Lineage:
        """What a version follows, what it learnt from, with which code, settings and seed, who made it and why."""
        return self.read(Lineage, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/models/{quoted(bundle_id)}/lineage"))

    def get_report(self, recipe: str, bundle_id: str) -> bytes:
        """What the newest gate measured of a bundle: an HTML file to keep, which opens offline."""
        return self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/models/{quoted(bundle_id)}/report").content

    def post_trial(self, recipe: str, bundle_id: str, content: bytes | None = None, *, sha256: str | None = None) -> Trial:
        """Judge one picture by a version, promoted or not; nothing of it is stored, counted or told to anybody."""
        return self.read(Trial, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/models/{quoted(bundle_id)}/trial", query={"sha256": sha256}, content=content))

    def post_promote(self, recipe: str, body: Promote) -> Promotion:
        """Make a bundle the champion; refused unless the gate passed against today's champion, or an admin forces it."""
        return self.read(Promotion, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/promote", body=body))

    def post_rollback(self, recipe: str, body: Rollback) -> Promotion:
        """Make the champion before this one champion again."""
        return self.read(Promotion, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/rollback", body=body))

    def get_rollouts(self, recipe: str) -> list[Rollout]:
        """The newest 50 rollouts, newest first; the one under way with the evidence of each station."""
        return self.read(list[Rollout], self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/rollouts"))

    def post_rollout(self, recipe: str, body: NewRollout) -> Rollout:
        """Give a bundle that passed the gate to the stations of the first stage; it is watched there."""
        return self.read(Rollout, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/rollouts", body=body))

    def post_advance(self, recipe: str, body: RolloutReason) -> Rollout:
        """Go to the next stage; after the last one, the challenger becomes the champion."""
        return self.read(Rollout, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/rollouts/current/advance", body=body))

    def post_halt(self, recipe: str, body: RolloutReason) -> Rollout:
        """Give all stations the champion again."""
        return self.read(Rollout, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/rollouts/current/halt", body=body))

    def get_samples(self, recipe: str) -> SampleCounts:
        """How many images the recipe has."""
        return self.read(SampleCounts, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/samples"))

    def post_sample(self, recipe: str, content: bytes, *, label: Label, defect_type: str | None = None) -> SampleAdded:
        """Add an image (the raw file is the body) with what is true of it; the same again changes nothing."""
        return self.read(SampleAdded, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/samples", query={"label": label, "defect_type": defect_type}, content=content))

    def get_doubts(self, recipe: str) -> list[Doubt]:
        """Labels to look at before a training: conflicts, and goods that look bad."""
        return self.read(list[Doubt], self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/samples/doubts"))

    def get_sample_list(self, recipe: str, *, after: str | None = None, limit: int | None = None) -> SamplePage:
        """Every image that the recipe learns from or is tested on, by hash, with what counts for it."""
        return self.read(SamplePage, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/samples/list", query={"after": after, "limit": limit}))

    def put_mask(self, recipe: str, sha256: str, content: bytes) -> MaskKept:
        """Say where the defect is on a sample that was added as a defect: the body is a PNG, not black where it is."""
        return self.read(MaskKept, self.ask("PUT", f"/api/v1/recipes/{quoted(recipe)}/samples/{quoted(sha256)}/mask", content=content))

    def post_ruling(self, recipe: str, sha256: str, body: NewRuling) -> None:
        """Settle a doubt: this counts for the sample, whatever was said before; `unsure` keeps it out of training."""
        self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/samples/{quoted(sha256)}/ruling", body=body)

    def get_shadow(self, recipe: str, *, limit: int | None = None) -> Shadow:
        """How far the challenger agrees with the champion, and the newest parts on which it does not."""
        return self.read(Shadow, self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/shadow", query={"limit": limit}))

    def post_shadow(self, recipe: str, body: NewShadow) -> Shadow:
        """Let a bundle judge beside the champion at every station of the recipe, in spare time; null ends it."""
        return self.read(Shadow, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/shadow", body=body))

    def get_versions(self, recipe: str) -> list[RecipeVersion]:
        """All versions, newest first; trainings take the newest."""
        return self.read(list[RecipeVersion], self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/versions"))

    def post_version(self, recipe: str, body: NewRecipeVersion) -> RecipeVersion:
        """Make the next version, with a reason."""
        return self.read(RecipeVersion, self.ask("POST", f"/api/v1/recipes/{quoted(recipe)}/versions", body=body))

    def get_comparison(self, recipe: str, *, before: int, after: int) -> list[Difference]:
        """The fields in which two versions differ."""
        return self.read(list[Difference], self.ask("GET", f"/api/v1/recipes/{quoted(recipe)}/versions/comparison", query={"before": before, "after": after}))

    def get_results(self, *, before: int | None = None, limit: int | None = None, station: str | None = None, recipe: str | None = None, verdict: Verdict | None = None, part_id: str | None = None, line: str | None = None, defect_class: str | None = None, score_from: float | None = None, score_to: float | None = None, since: datetime | None = None, until: datetime | None = None, label: Label | None = None, review: PartState | None = None) -> ResultPage:
        """Results, newest first: by arrival, or by when they were taken where `since` or `until` is given."""
        return self.read(ResultPage, self.ask("GET", "/api/v1/results", query={"before": before, "limit": limit, "station": station, "recipe": recipe, "verdict": verdict, "part_id": part_id, "line": line, "defect_class": defect_class, "score_from": score_from, "score_to": score_to, "since": since, "until": until, "label": label, "review": review}))

    def get_results_csv(self, *, spreadsheet: bool | None = None, station: str | None = None, recipe: str | None = None, verdict: Verdict | None = None, part_id: str | None = None, line: str | None = None, defect_class: str | None = None, score_from: float | None = None, score_to: float | None = None, since: datetime | None = None, until: datetime | None = None, label: Label | None = None, review: PartState | None = None) -> bytes:
        """All results that fit, oldest first, as CSV; sent while it is read, however many there are."""
        return self.ask("GET", "/api/v1/results.csv", query={"spreadsheet": spreadsheet, "station": station, "recipe": recipe, "verdict": verdict, "part_id": part_id, "line": line, "defect_class": defect_class, "score_from": score_from, "score_to": score_to, "since": since, "until": until, "label": label, "review": review}).content

    def get_result(self, result_id: str) -> StoredResult:
        """One result."""
        return self.read(StoredResult, self.ask("GET", f"/api/v1/results/{quoted(result_id)}"))

    def get_beside(self, result_id: str) -> BesideResult:
        """What to look at beside a part: its other views, its history, alike faults, the most alike good part."""
        return self.read(BesideResult, self.ask("GET", f"/api/v1/results/{quoted(result_id)}/beside"))

    def get_golden(self, result_id: str) -> bytes:
        """The golden image of the bundle that judged a part, a grey PNG."""
        return self.ask("GET", f"/api/v1/results/{quoted(result_id)}/golden").content

    def get_origin(self, result_id: str) -> Origin:
        """Which bundle decided a result, and which version of the recipe made that."""
        return self.read(Origin, self.ask("GET", f"/api/v1/results/{quoted(result_id)}/origin"))

    def get_retention(self) -> Retention:
        """The rules in the order in which they are asked, and what a run would remove now."""
        return self.read(Retention, self.ask("GET", "/api/v1/retention"))

    def get_retraining(self) -> RetrainingPlan:
        """Recipes with reasons to be trained again, the minutes that takes, and what is left of the budget."""
        return self.read(RetrainingPlan, self.ask("GET", "/api/v1/retraining"))

    def post_retraining(self) -> RetrainingStarted:
        """Start now what the plan says fits, whatever the hour; it spends the budget of the schedule."""
        return self.read(RetrainingStarted, self.ask("POST", "/api/v1/retraining"))

    def get_escape_estimate(self, *, recipe: str, since: datetime | None = None) -> AuditReport:
        """Escapes and overkill with 95 % intervals, from parts drawn by chance; labels of other parts do not count."""
        return self.read(AuditReport, self.ask("GET", "/api/v1/review/audit", query={"recipe": recipe, "since": since}))

    def get_audit_plan(self, *, escapes_at_most: float) -> AuditPlan:
        """How many passed parts must be reviewed to show a bound."""
        return self.read(AuditPlan, self.ask("GET", "/api/v1/review/audit/plan", query={"escapes_at_most": escapes_at_most}))

    def get_groups(self, *, recipe: str | None = None, station: str | None = None, verdict: Verdict | None = None, defect_class: str | None = None, score_from: float | None = None, score_to: float | None = None, since: datetime | None = None, until: datetime | None = None, state: LabelState | None = None, line: str | None = None) -> Groups:
        """Waiting parts that look alike where they are most unusual, to be cleared by one decision."""
        return self.read(Groups, self.ask("GET", "/api/v1/review/groups", query={"recipe": recipe, "station": station, "verdict": verdict, "defect_class": defect_class, "score_from": score_from, "score_to": score_to, "since": since, "until": until, "state": state, "line": line}))

    def get_parts(self, *, id_: list[str]) -> list[StoredResult]:
        """Parts by their ids, in this order, as queue and groups show them: without what was said of them."""
        return self.read(list[StoredResult], self.ask("GET", "/api/v1/review/parts", query={"id": id_}))

    def get_queue(self, *, limit: int | None = None, order: Order | None = None, offset: int | None = None, looking_at: list[str] | None = None, recipe: str | None = None, station: str | None = None, verdict: Verdict | None = None, defect_class: str | None = None, score_from: float | None = None, score_to: float | None = None, since: datetime | None = None, until: datetime | None = None, state: LabelState | None = None, line: str | None = None) -> ReviewQueue:
        """Flagged parts, and passed ones drawn by chance, that nobody has judged yet; or those in another state."""
        return self.read(ReviewQueue, self.ask("GET", "/api/v1/review/queue", query={"limit": limit, "order": order, "offset": offset, "looking_at": looking_at, "recipe": recipe, "station": station, "verdict": verdict, "defect_class": defect_class, "score_from": score_from, "score_to": score_to, "since": since, "until": until, "state": state, "line": line}))

    def get_reviewers(self, *, since: datetime | None = None) -> list[ReviewerMeasured]:
        """How well and how fast each person judges: on parts of known truth, beside second opinions, by the clock."""
        return self.read(list[ReviewerMeasured], self.ask("GET", "/api/v1/review/reviewers", query={"since": since}))

    def get_reviewers_table(self, *, since: datetime | None = None) -> bytes:
        """The same as CSV, a row for each person."""
        return self.ask("GET", "/api/v1/review/reviewers.csv", query={"since": since}).content

    def get_stations(self) -> list[Station]:
        """All stations as last heard."""
        return self.read(list[Station], self.ask("GET", "/api/v1/stations"))

    def post_station(self, body: NewStation) -> StationKey:
        """Make a station; its key is shown this once."""
        return self.read(StationKey, self.ask("POST", "/api/v1/stations", body=body))

    def get_retired(self) -> list[RetiredStation]:
        """Stations that are out of service."""
        return self.read(list[RetiredStation], self.ask("GET", "/api/v1/stations/retired"))

    def post_station_key(self, name: str) -> StationKey:
        """Give a station a new key; the old one stops working at once."""
        return self.read(StationKey, self.ask("POST", f"/api/v1/stations/{quoted(name)}/key"))

    def put_station_line(self, name: str, body: StationLine) -> None:
        """Say at which line a station stands."""
        self.ask("PUT", f"/api/v1/stations/{quoted(name)}/line", body=body)

    def get_live(self, name: str) -> LivePicture:
        """The last picture of a station."""
        return self.read(LivePicture, self.ask("GET", f"/api/v1/stations/{quoted(name)}/live"))

    def post_retirement(self, name: str, body: StationRetirement) -> RetiredStation:
        """Take a station out of service: its key stops working at once, its results stay, its name is not free."""
        return self.read(RetiredStation, self.ask("POST", f"/api/v1/stations/{quoted(name)}/retirement", body=body))

    def get_users(self) -> list[User]:
        """Everybody."""
        return self.read(list[User], self.ask("GET", "/api/v1/users"))

    def post_user(self, body: NewUser) -> User:
        """Make a user."""
        return self.read(User, self.ask("POST", "/api/v1/users", body=body))

    def patch_user(self, name: str, body: UserChange) -> User:
        """Change a user's role or password, or disable the user; all but a new role end the user's sessions."""
        return self.read(User, self.ask("PATCH", f"/api/v1/users/{quoted(name)}", body=body))
