package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.config.LimitConfig.Allowance;
import java.util.Arrays;

/**
 * A part of a table of buckets: arrays of longs under one lock. A key has two rows of eight places
 * and stands in one of them (two choices, Azar et al. 1994), so nearly all places can be used; a
 * place is a hash, a time, and the missing units of each band, 24 bytes for one band, 48 for four.
 *
 * <p>A crowded part drops the buckets that have filled up by themselves, which changes nothing, or
 * grows. With no room left, the bucket in a new key's rows that will be full soonest has to go.
 * What was missing in it then stays behind as the <em>floor</em> of the row, and whoever comes new
 * to the row begins no fuller than the floor. Hence a bucket that was pushed out comes back no
 * fuller than it would have been: the evicted key has the same two rows again. A flood makes
 * newcomers of its rows poorer, never anybody richer (the idea of Space-Saving, Metwally et al.
 * 2005).
 */
final class CompactPart {
  private static final int ROW = 8;
  private static final int FEWEST_ROWS = 2;
  private static final int FEW_ROWS = 32;
  private static final long NOBODY = 0;

  /** With one, a table of a million keys had to push one out now and then, with room for more. */
  private static final int MOST_STEPS = 2;

  private static final long PATIENCE_MICROS = 1_000_000;

  private Room room;
  private Shape shape;
  private int width; // longs of one state
  private int rows;
  private long[] hashes = {};
  private long[] states = {};
  private long[] floors = {}; // a state per row; empty until somebody had to go
  private final long[] fresh; // the state of a newcomer
  private int size;
  private long growAgainMicros = Long.MIN_VALUE; // when there was no room: not before then

  CompactPart(Shape shape, Room room) {
    this.shape = shape;
    this.room = room;
    this.width = Shape.longs(shape.bands());
    this.fresh = new long[Shape.longs(Allowance.MOST)];
  }

  synchronized boolean take(long hash, Shape asked, long tokens, long now, Reading reading) {
    follow(asked);
    int at = found(hash, now); // which may make new states
    return asked.spend(states, at, tokens, now, reading);
  }

  /** Where the state of a key is, known or not. */
  private int found(long hash, long now) {
    int at = place(hash);
    return at < 0 ? insert(hash, now) : at;
  }

  /** Likewise, brought up to date. */
  private int current(long hash, Shape asked, long now) {
    follow(asked);
    int at = found(hash, now);
    shape.refill(states, at, now);
    return at;
  }

  synchronized void peek(long hash, Shape asked, long tokens, long now, Reading reading) {
    follow(asked);
    load(hash, now);
    boolean allowed = asked.take(fresh, 0, tokens);
    if (allowed) {
      asked.giveBack(fresh, 0, tokens);
    }
    asked.read(fresh, 0, tokens, allowed, reading);
  }

  /** The state keeps its age: refilled before or behind, it comes to the same. */
  synchronized void giveBack(long hash, long tokens) {
    int at = place(hash);
    if (at >= 0) {
      shape.giveBack(states, at, tokens);
    }
  }

  synchronized void charge(long hash, Shape asked, long tokens, long now) {
    int at = current(hash, asked, now); // which may make new states
    shape.charge(states, at, tokens);
  }

  synchronized void reset(long hash, long now) {
    int at = place(hash);
    if (at >= 0) {
      states[at] = Math.max(states[at], now);
      Arrays.fill(states, at + 1, at + width, 0);
    }
  }

  /** Loops share the notes: what one heard is not undone by what another asked earlier. */
  synchronized void note(long hash, Shape asked, long[] missing, long now) {
    follow(asked);
    int known = place(hash);
    if (known < 0 ? shape.microsToFull(missing, -1) == 0 : states[known] > now) {
      return;
    }
    int at = known < 0 ? insert(hash, now) : known; // which may make new states
    states[at] = now;
    System.arraycopy(missing, 0, states, at + 1, shape.bands());
  }

  synchronized long noted(long hash, Shape asked, long[] missing, long now) {
    follow(asked);
    int at = place(hash);
    if (at < 0) {
      newcomer(hash, now);
      System.arraycopy(fresh, 1, missing, 0, shape.bands());
      return Long.MIN_VALUE;
    }
    shape.later(states, at, now, missing);
    return states[at];
  }

  synchronized boolean knows(long hash) {
    return place(hash) >= 0;
  }

  /** Tells the state of a key as of now, known or not, and its shape; it is full from then on. */
  synchronized Shape leave(long hash, long now, long[] state) {
    load(hash, now);
    System.arraycopy(fresh, 0, state, 0, width);
    reset(hash, now);
    return shape;
  }

  /** Lets a key lack what it lacked elsewhere. */
  synchronized void arrive(long hash, Shape from, long[] state) {
    shape.rescale(from, state, 0);
    if (shape.microsToFull(state, 0) > 0) {
      int at = current(hash, shape, state[0]);
      for (int i = 1; i < width; i++) {
        states[at + i] = Math.max(states[at + i], state[i]);
      }
    }
  }

  synchronized long[] hashes() {
    return Arrays.stream(hashes).filter(hash -> hash != NOBODY).toArray();
  }

  synchronized int size() {
    return size;
  }

  synchronized void close() {
    room.giveBack(bytes(rows));
    room = new Room(0);
    rows = 0;
    size = 0;
    hashes = new long[0];
    states = new long[0];
    floors = new long[0];
  }

  /** Writes the state of a key as of now into {@link #fresh}, whether it is known or not. */
  private void load(long hash, long now) {
    int at = place(hash);
    if (at >= 0) {
      System.arraycopy(states, at, fresh, 0, width);
      shape.refill(fresh, 0, now);
    } else {
      newcomer(hash, now);
    }
  }

  private int first(long hash) {
    return (int) ((hash & 0xffff_ffffL) * rows >>> 32);
  }

  private int second(long hash) {
    // Mixed: the upper six bits chose the part, the lower half the first row.
    return (int) ((hash * 0x9e3779b97f4a7c15L >>> 32) * rows >>> 32);
  }

  /** Where the state of a key is, or -1. */
  private int place(long hash) {
    if (rows == 0) {
      return -1;
    }
    int at = indexOf(first(hash), hash);
    at = at >= 0 ? at : indexOf(second(hash), hash);
    return at < 0 ? -1 : at * width;
  }

  /** Finds a place for a key that has none. */
  private int insert(long hash, long now) {
    int free = free(hash);
    if ((free < 0 || crowded()) && now >= growAgainMicros) {
      growOrClean(now);
      free = free(hash);
    }
    if (free < 0) {
      free = pushOut(hash, now);
    }
    newcomer(hash, now);
    if (hashes[free] == NOBODY) {
      size++;
    }
    hashes[free] = hash;
    System.arraycopy(fresh, 0, states, free * width, width);
    return free * width;
  }

  /** A free place in the emptier of the two rows, made free if need be, or -1. */
  private int free(long hash) {
    if (rows == 0) {
      return -1;
    }
    int one = first(hash);
    int other = second(hash);
    int at = used(one) <= used(other) ? free(one, other) : free(other, one);
    for (int steps = 1; at < 0 && steps <= MOST_STEPS; steps++) {
      at = moveOn(one, steps);
      at = at < 0 ? moveOn(other, steps) : at;
    }
    return at;
  }

  /**
   * Sends a bucket of a full row to its other row if there is a place, or one can be made by the
   * same in so many steps; returns the one it left, or -1.
   */
  private int moveOn(int row, int steps) {
    for (int at = row * ROW; at < row * ROW + ROW; at++) {
      int first = first(hashes[at]);
      int other = first == row ? second(hashes[at]) : first;
      int to = indexOf(other, NOBODY);
      if (to < 0 && steps > 1 && other != row) {
        to = moveOn(other, steps - 1);
      }
      if (to >= 0) {
        hashes[to] = hashes[at];
        System.arraycopy(states, at * width, states, to * width, width);
        hashes[at] = NOBODY;
        return at;
      }
    }
    return -1;
  }

  private int free(int row, int otherwise) {
    int at = indexOf(row, NOBODY);
    return at >= 0 ? at : indexOf(otherwise, NOBODY);
  }

  private int indexOf(int row, long name) {
    for (int i = row * ROW; i < row * ROW + ROW; i++) {
      if (hashes[i] == name) {
        return i;
      }
    }
    return -1;
  }

  private int used(int row) {
    int used = 0;
    for (int i = row * ROW; i < row * ROW + ROW; i++) {
      used += hashes[i] == NOBODY ? 0 : 1;
    }
    return used;
  }

  private long fullAt(long[] from, int at) {
    return from[at] + shape.microsToFull(from, at);
  }

  /** Of the sixteen buckets in the key's rows the one that will be full first. */
  private int soonest(long hash) {
    int one = first(hash) * ROW;
    int other = second(hash) * ROW;
    int soonest = one;
    for (int i = 0; i < 2 * ROW; i++) {
      int at = i < ROW ? one + i : other + i - ROW;
      if (fullAt(states, at * width) < fullAt(states, soonest * width)) {
        soonest = at;
      }
    }
    return soonest;
  }

  /** What a key starts with: full, unless somebody had to leave one of its rows. */
  private void newcomer(long hash, long now) {
    Arrays.fill(fresh, 0);
    fresh[0] = now;
    if (floors.length > 0) {
      poorer(fresh, 0, first(hash), now);
      poorer(fresh, 0, second(hash), now);
    }
  }

  /** Lowers a state to the floor of a row where that is lower; both as of now afterwards. */
  private void poorer(long[] state, int at, int row, long now) {
    int floor = row * width;
    shape.refill(floors, floor, now);
    for (int i = 1; i < width; i++) {
      state[at + i] = Math.max(state[at + i], floors[floor + i]);
    }
  }

  /** Makes the place of a bucket free; if it is not full yet the row remembers what it lacked. */
  private int pushOut(long hash, long now) {
    int gone = soonest(hash);
    if (fullAt(states, gone * width) <= now) {
      return gone;
    }
    if (floors.length == 0) {
      floors = new long[rows * width];
    }
    shape.refill(states, gone * width, now);
    int floor = gone / ROW * width;
    poorer(states, gone * width, gone / ROW, now);
    System.arraycopy(states, gone * width, floors, floor, width);
    return gone;
  }

  /** Beyond that some key may find both its rows full though there is room; few rows, earlier. */
  private boolean crowded() {
    return size * 10 >= rows * ROW * (rows < FEW_ROWS ? 8 : 9);
  }

  /** Drops buckets that have filled up; if they were few, adds an eighth, if there is room. */
  private void growOrClean(long now) {
    int before = size;
    dropFull(now);
    int more = Math.max(FEWEST_ROWS, rows + (rows + 7) / 8);
    if (8 * (before - size) > before) {
      return;
    }
    if (room.take(bytes(more) - bytes(rows))) {
      rebuild(more, now);
    } else if (rows == 0) {
      // Two rows all the same; a table then has 64 times that.
      room.giveBack(-bytes(FEWEST_ROWS));
      rebuild(FEWEST_ROWS, now);
    } else {
      growAgainMicros = now + PATIENCE_MICROS;
    }
  }

  /** In place: with callers who come seldom it happens all the time. */
  private void dropFull(long now) {
    for (int i = 0; i < hashes.length; i++) {
      if (hashes[i] != NOBODY && fullAt(states, i * width) <= now) {
        hashes[i] = NOBODY;
        size--;
      }
    }
  }

  private long bytes(int rows) {
    // The floors are counted too, though they are made only when somebody has to go.
    return 8L * rows * (ROW * (1 + width) + width);
  }

  /** Follows a reload: all buckets keep the share to which they were full. */
  private void follow(Shape asked) {
    if (asked == shape || asked.equals(shape)) {
      return;
    }
    room.giveBack(bytes(rows));
    states = asked.rescaled(shape, states);
    floors = asked.rescaled(shape, floors);
    shape = asked;
    width = Shape.longs(asked.bands());
    room.giveBack(-bytes(rows));
  }

  /** So many rows; floors, should there be any, become in each the lowest of all. */
  private void rebuild(int more, long now) {
    long[] oldHashes = hashes;
    long[] oldStates = states;
    long[] oldFloors = floors;
    rows = more;
    size = 0;
    hashes = new long[more * ROW];
    states = new long[more * ROW * width];
    floors = new long[0];
    if (oldFloors.length > 0) {
      floors = new long[more * width];
      for (int from = 0; from < oldFloors.length; from += width) {
        shape.refill(oldFloors, from, now);
        for (int i = 1; i < width; i++) {
          floors[i] = Math.max(floors[i], oldFloors[from + i]);
        }
      }
      floors[0] = now;
      for (int row = 1; row < more; row++) {
        System.arraycopy(floors, 0, floors, row * width, width);
      }
    }
    for (int i = 0; i < oldHashes.length; i++) {
      if (oldHashes[i] != NOBODY) {
        move(oldHashes[i], oldStates, i * width, now);
      }
    }
  }

  private void move(long name, long[] from, int at, long now) {
    int free = free(name);
    if (free < 0) {
      free = pushOut(name, now);
      size--;
    }
    hashes[free] = name;
    System.arraycopy(from, at, states, free * width, width);
    size++;
  }
}
