package app.avalo.gateway.demo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;

/**
 * The accounts of all users: the database that the regions replicate, with a fence. Every write
 * carries the epoch under which the gateway bound the user to a region. A write with a lower epoch
 * than one seen before comes from a region that has lost the user, and one whose lease has ended
 * may: both are refused. A write that was answered already, by its key, is answered so again and
 * changes nothing. Fence, key and balance change together or not at all.
 *
 * <p>Safe from every thread; an account's monitor makes its writes one after another.
 */
final class Wallets {
  /** Beyond it nobody new gets an account: this is a demo. */
  private static final int USERS = 10_000;

  /** Of each user; older ones are forgotten. */
  private static final int KEYS = 1000;

  private final ConcurrentMap<String, Account> accounts = new ConcurrentHashMap<>();

  /** What became of a write. */
  enum Verdict {
    BOOKED,
    REPEATED,
    STALE,
    LATE,
    FULL
  }

  /**
   * A write as it came.
   *
   * @param epoch under which the gateway sent it
   * @param region that asks
   * @param amount in grosze
   * @param key unlike those of all other writes of the user, or empty
   * @param late whether the lease under which it was sent has ended by now
   */
  record Write(long epoch, String region, long amount, String key, BooleanSupplier late) {}

  /**
   * What a write is answered with.
   *
   * @param balance in grosze; of a repeated write as it was the first time
   * @param epoch highest seen
   */
  record Answer(Verdict verdict, long balance, long epoch) {
    boolean accepted() {
      return verdict == Verdict.BOOKED || verdict == Verdict.REPEATED;
    }
  }

  /** Writes accepted in one region under one epoch. */
  private record Tenure(long epoch, String region, int writes) {}

  /** One user's money. */
  private static final class Account {
    private final Map<String, Long> answered = new LinkedHashMap<>();
    private final List<Tenure> tenures = new ArrayList<>();
    private long balance;
    private long epoch;
    private int refused;

    synchronized Answer write(Write write) {
      Long before = answered.get(write.key());
      if (before != null) {
        return new Answer(Verdict.REPEATED, before, epoch);
      }
      if (write.epoch() < epoch || write.late().getAsBoolean()) {
        refused++;
        Verdict verdict = write.epoch() < epoch ? Verdict.STALE : Verdict.LATE;
        return new Answer(verdict, balance, epoch);
      }
      epoch = write.epoch();
      balance += write.amount();
      note(write);
      return new Answer(Verdict.BOOKED, balance, epoch);
    }

    private void note(Write write) {
      if (!write.key().isEmpty()) {
        answered.put(write.key(), balance);
        if (answered.size() > KEYS) {
          answered.remove(answered.keySet().iterator().next());
        }
      }
      Tenure last = tenures.isEmpty() ? null : tenures.get(tenures.size() - 1);
      boolean goesOn = last != null && last.epoch() == epoch;
      int writes = goesOn ? tenures.remove(tenures.size() - 1).writes() : 0;
      tenures.add(new Tenure(epoch, write.region(), writes + 1));
    }

    synchronized long balance() {
      return balance;
    }

    synchronized String history() {
      StringBuilder text = new StringBuilder();
      for (Tenure tenure : tenures) {
        text.append(
            "%d in %s under %d\n".formatted(tenure.writes(), tenure.region(), tenure.epoch()));
      }
      return text.append("%d refused\n".formatted(refused)).toString();
    }
  }

  /** Adds to a balance, unless something speaks against it. */
  Answer write(String user, Write write) {
    if (accounts.size() >= USERS && !accounts.containsKey(user)) {
      return new Answer(Verdict.FULL, 0, write.epoch());
    }
    return accounts.computeIfAbsent(user, name -> new Account()).write(write);
  }

  /** The balance of a user; anyone may look at it from anywhere. */
  long balance(String user) {
    Account account = accounts.get(user);
    return account == null ? 0 : account.balance();
  }

  /** Which region booked how many writes of a user under which epoch, in order. */
  String history(String user) {
    Account account = accounts.get(user);
    return account == null ? "" : account.history();
  }
}
