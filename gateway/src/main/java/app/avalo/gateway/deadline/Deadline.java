package app.avalo.gateway.deadline;

import org.jspecify.annotations.Nullable;

/** Something that must have happened by a time; its own node in the wheel. */
public abstract class Deadline {
  // Written by the wheel only.
  int slot = -1;
  long dueTick;
  @Nullable Deadline next;
  @Nullable Deadline previous;

  /** The time has come; the deadline is no longer set. */
  protected abstract void expired();
}
