// What people did, as the audit log names it, in words.

import { t } from "./language.js";

const ACTIONS = {
  "acceptance.added": t("accepted as good"),
  "acceptance.undone": t("acceptance taken back"),
  "alert.acknowledged": t("alert acknowledged"),
  "api_key.created": t("key of a program made"),
  "api_key.revoked": t("key of a program revoked"),
  "images.removed": t("images removed by retention"),
  "job.asked_again": t("asked for a training that waits already"),
  "job.cancelled": t("job cancelled"),
  "job.created": t("job started"),
  "label.added": t("part labelled"),
  "label.checked": t("known part judged"),
  "model.forced": t("model forced past the gate"),
  "model.promoted": t("model promoted"),
  "model.rolled_back": t("model rolled back"),
  "model.shadowed": t("trial beside the champion changed"),
  "model.uploaded": t("model uploaded"),
  "recipe.changed": t("settings of a part type changed"),
  "recipe.created": t("recipe made"),
  "recipe.image_added": t("image of a recipe added"),
  "rollout.advanced": t("rollout advanced"),
  "rollout.finished": t("rollout finished"),
  "rollout.halted": t("rollout halted"),
  "rollout.started": t("rollout started"),
  "sample.added": t("sample added"),
  "sample.marked": t("mask of a sample given"),
  "sample.ruled": t("doubtful label ruled"),
  "session.closed": t("signed out"),
  "session.opened": t("signed in"),
  "station.created": t("station made"),
  "station.key_renewed": t("key of a station renewed"),
  "station.line_set": t("line of a station set"),
  "station.retired": t("station taken out of service"),
  "user.changed": t("person changed"),
  "user.created": t("person added"),
};

/** The words of an action; what this does not know stays as it is named. */
export const actionWord = (action) => ACTIONS[action] ?? action;
