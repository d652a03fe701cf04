package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.Caller;
import java.util.function.Supplier;

/** What a credential turned out to be. */
sealed interface Verdict {
  /**
   * Good.
   *
   * @param caller who shows it
   * @param source where it comes from, for {@code explain}: never the credential
   */
  record Accepted(Caller caller, String source) implements Verdict {}

  /**
   * Bad, whatever may happen later.
   *
   * @param reason in a few words; tells the client nothing that it did not send
   */
  record Rejected(String reason) implements Verdict {}

  /** Signed by a key that its issuer's current set does not hold; a newer set might. */
  record UnknownKey(KeySource source) implements Verdict {}

  /**
   * Too dear for an event loop.
   *
   * @param work finds the verdict; runs on any thread, and is never this again
   */
  record Deferred(Supplier<Verdict> work) implements Verdict {}

  /** Nobody can tell now. */
  record Unavailable() implements Verdict {}
}
