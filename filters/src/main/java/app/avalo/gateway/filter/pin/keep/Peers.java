package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.Stamp;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The gateways of a group as one of them knows them from the board. Ages are measured on the own
 * clock: a word that differs from the last reading's was written after that reading was asked for.
 * How old the words of the first reading are cannot be told; they may be of gateways long gone.
 */
final class Peers {
  private static final long UNKNOWN_NANOS = TimeUnit.DAYS.toNanos(365);

  private final Map<String, Peer> peers = new TreeMap<>();
  private long lastAskedNanos;
  private boolean looked;

  /**
   * One gateway's last word.
   *
   * @param beat number of it, grows
   * @param acked the map by which it works
   * @param suspects regions that look dead to it
   * @param convicts regions that it found dead
   */
  record Word(long beat, Stamp acked, Set<Integer> suspects, Set<Integer> convicts) {
    String text() {
      return beat
          + "|"
          + acked.incarnation()
          + "|"
          + acked.version()
          + "|"
          + list(suspects)
          + "|"
          + list(convicts);
    }

    boolean knows(Stamp stamp) {
      return acked.incarnation().equals(stamp.incarnation()) && acked.version() >= stamp.version();
    }

    static Word parse(String text) {
      String[] parts = text.split("\\|", 5);
      return new Word(
          Long.parseLong(parts[0]),
          new Stamp(parts[1], Long.parseLong(parts[2])),
          set(parts[3]),
          set(parts[4]));
    }

    private static String list(Set<Integer> regions) {
      StringBuilder text = new StringBuilder();
      for (int region : regions) {
        text.append(text.isEmpty() ? "" : ",").append(region);
      }
      return text.toString();
    }

    private static Set<Integer> set(String text) {
      Set<Integer> regions = new TreeSet<>();
      for (String part : text.split(",")) {
        if (!part.isEmpty()) {
          regions.add(Integer.parseInt(part));
        }
      }
      return regions;
    }
  }

  /** When its word changed: not before the one time, and not after the other. */
  private record Peer(String text, Word word, long sinceNanos, long heardNanos) {}

  /** Takes over the board. */
  void saw(Map<String, String> board, long askedNanos, long nowNanos) {
    long sinceNanos = looked ? lastAskedNanos : askedNanos - UNKNOWN_NANOS;
    looked = true;
    lastAskedNanos = askedNanos;
    Map<String, Peer> before = new HashMap<>(peers);
    peers.clear();
    board.forEach(
        (gateway, text) -> {
          Peer old = before.get(gateway);
          if (old != null && old.text().equals(text)) {
            peers.put(gateway, old);
            return;
          }
          try {
            peers.put(gateway, new Peer(text, Word.parse(text), sinceNanos, nowNanos));
          } catch (IllegalArgumentException | IndexOutOfBoundsException foreign) {
            // a later release's word: it has no vote here, and its silence ends its lease
            peers.put(gateway, new Peer(text, unreadable(), sinceNanos, nowNanos));
          }
        });
  }

  private static Word unreadable() {
    return new Word(0, Stamp.NONE, Set.of(), Set.of());
  }

  /** Gateways whose word is surely younger than a span, in order of their names. */
  Map<String, Word> voters(long spanNanos, long nowNanos) {
    Map<String, Word> voters = new TreeMap<>();
    peers.forEach(
        (gateway, peer) -> {
          if (nowNanos - peer.sinceNanos() < spanNanos) {
            voters.put(gateway, peer.word());
          }
        });
    return voters;
  }

  /** Gateways that may have been alive within a span, in order of their names. */
  Map<String, Word> within(long spanNanos, long nowNanos) {
    Map<String, Word> heard = new TreeMap<>();
    peers.forEach(
        (gateway, peer) -> {
          if (nowNanos - peer.heardNanos() < spanNanos) {
            heard.put(gateway, peer.word());
          }
        });
    return heard;
  }

  /**
   * The version that every gateway which may hold a lease has acknowledged.
   *
   * @param waitNanos silence after which a gateway has none
   */
  long ackedByAll(String incarnation, long waitNanos, long nowNanos) {
    long lowest = Long.MAX_VALUE;
    for (Word word : within(waitNanos, nowNanos).values()) {
      boolean same = word.acked().incarnation().equals(incarnation);
      lowest = Math.min(lowest, same ? word.acked().version() : 0);
    }
    return lowest == Long.MAX_VALUE ? 0 : lowest;
  }
}
