package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.pin.store.Binding;

/** What became of an operator's wish to move one user. */
public sealed interface MoveResult {

  /**
   * Done.
   *
   * @param from binding before
   * @param to binding now
   */
  record Moved(Binding from, Binding to) implements MoveResult {}

  /**
   * The user was there already; nothing was changed.
   *
   * @param binding that holds
   */
  record Unchanged(Binding binding) implements MoveResult {}

  /**
   * Somebody else moved the user at the same moment.
   *
   * @param binding that holds now
   */
  record Overtaken(Binding binding) implements MoveResult {}

  /** The store knows no binding of this user in this group. */
  record NotBound() implements MoveResult {}

  /**
   * The store did not answer; the move may or may not have happened.
   *
   * @param reason for the operator
   */
  record StoreDown(String reason) implements MoveResult {}
}
