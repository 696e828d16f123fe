// Answers may come in another order than their questions: what was asked before something newer is not drawn.

/** A counter of questions: call it with each one, and what it returns says whether that is the newest still. */
export function newest() {
  let last = 0;
  return () => {
    const mine = (last += 1);
    return () => mine === last;
  };
}
