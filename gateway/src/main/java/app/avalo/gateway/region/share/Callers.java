package app.avalo.gateway.region.share;

/**
 * Estimates how many different callers a region took lately, within 6.5 %: HyperLogLog with 256
 * registers (Flajolet, Fusy, Gandouet, Meunier 2007), small numbers by linear counting. Any loop
 * adds without a lock; an update that is lost in a race comes with the caller's next request.
 */
public final class Callers {
  private static final int REGISTERS = 256;
  private static final int INDEX_BITS = 8;
  private static final double ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

  private volatile byte[] current = new byte[REGISTERS]; // swapped by the control loop
  private byte[] before = new byte[REGISTERS]; // control loop

  /** Adds a caller by uniformly distributed bits that are always the same. */
  public void add(int hash) {
    byte[] to = current;
    int at = hash >>> (Integer.SIZE - INDEX_BITS);
    byte rank = (byte) (Integer.numberOfLeadingZeros(hash << INDEX_BITS | 1 << 7) + 1);
    if (rank > to[at]) {
      to[at] = rank;
    }
  }

  /** Forgets those who came before the last roll. Control loop. */
  public void roll() {
    before = current;
    current = new byte[REGISTERS];
  }

  /** How many came since the roll before the last. Control loop. */
  public int estimate() {
    byte[] now = current;
    double sum = 0;
    int empty = 0;
    for (int i = 0; i < REGISTERS; i++) {
      int rank = Math.max(now[i], before[i]);
      sum += 1.0 / (1L << rank);
      empty += rank == 0 ? 1 : 0;
    }
    double raw = ALPHA * REGISTERS * REGISTERS / sum;
    boolean few = raw <= 2.5 * REGISTERS && empty > 0;
    return (int) Math.round(few ? REGISTERS * Math.log((double) REGISTERS / empty) : raw);
  }
}
