package app.avalo.gateway.demo;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The accounts of all users: the database that the regions replicate, with a fence. Every write
 * carries the epoch under which the gateway bound the user to a region. A write with a lower epoch
 * than one seen before comes from a region that has lost the user, and is refused: this is what
 * keeps a late or repeated request from being booked twice after a failover.
 *
 * <p>Safe from every thread; compute() makes each user's writes one after another.
 */
final class Wallets {
  /** Beyond it nobody new gets an account: this is a demo. */
  private static final int USERS = 10_000;

  private final ConcurrentMap<String, Account> accounts = new ConcurrentHashMap<>();

  /**
   * One user's money.
   *
   * @param balance in grosze
   * @param epoch highest seen
   * @param stale whether the request that asked came with a lower epoch, and changed nothing
   */
  record Account(long balance, long epoch, boolean stale) {}

  /** Adds to a balance, nothing to read it; returns the account as it is afterwards. */
  Account book(String user, long epoch, long amount) {
    if (accounts.size() >= USERS && !accounts.containsKey(user)) {
      return new Account(0, epoch, true);
    }
    return accounts.merge(
        user,
        new Account(amount, epoch, false),
        (known, asked) ->
            epoch < known.epoch()
                ? new Account(known.balance(), known.epoch(), true)
                : new Account(known.balance() + amount, epoch, false));
  }
}
