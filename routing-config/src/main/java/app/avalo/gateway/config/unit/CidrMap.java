package app.avalo.gateway.config.unit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values by address block; the smallest block that holds an address wins. Immutable.
 *
 * <p>Blocks either nest or are apart, so they cut the address space into at most {@code 2n + 1}
 * ranges with one answer each. A look-up is a binary search over where these ranges start and
 * allocates nothing.
 *
 * @param <V> kind of value
 */
public final class CidrMap<V> {
  private final long[] highs;
  private final long[] lows;
  private final @Nullable V[] values;

  private CidrMap(List<Start<V>> starts) {
    highs = new long[starts.size()];
    lows = new long[starts.size()];
    values = array(starts.size());
    for (int i = 0; i < highs.length; i++) {
      highs[i] = starts.get(i).high;
      lows[i] = starts.get(i).low;
      values[i] = starts.get(i).value;
    }
  }

  @SuppressWarnings("unchecked")
  private static <V> @Nullable V[] array(int length) {
    return (V[]) new Object[length];
  }

  /** The compiled form of these blocks. */
  public static <V> CidrMap<V> of(Map<Cidr, V> blocks) {
    List<Map.Entry<Cidr, V>> sorted = new ArrayList<>(blocks.entrySet());
    sorted.sort(
        Comparator.comparing(
            Map.Entry::getKey,
            (a, b) -> {
              int order = compare(a.high(), a.low(), b.high(), b.low());
              return order != 0 ? order : Integer.compare(a.bits(), b.bits());
            }));
    List<Start<V>> starts = new ArrayList<>();
    Deque<Map.Entry<Cidr, V>> open = new ArrayDeque<>();
    for (Map.Entry<Cidr, V> entry : sorted) {
      Cidr block = entry.getKey();
      closeBefore(block, open, starts);
      open.push(entry);
      begin(starts, new Start<>(block.high(), block.low(), entry.getValue()));
    }
    closeBefore(null, open, starts);
    return new CidrMap<>(starts);
  }

  /** Ends the open blocks that do not reach {@code next}; all of them if it is null. */
  private static <V> void closeBefore(
      @Nullable Cidr next, Deque<Map.Entry<Cidr, V>> open, List<Start<V>> starts) {
    while (!open.isEmpty()) {
      Cidr last = open.element().getKey();
      if (next != null && last.contains(new IpAddress(next.high(), next.low()))) {
        return;
      }
      open.pop();
      IpAddress end = last.last();
      long low = end.low() + 1;
      long high = low == 0 ? end.high() + 1 : end.high();
      if (high != 0 || low != 0) {
        Map.Entry<Cidr, V> outer = open.peek();
        begin(starts, new Start<>(high, low, outer == null ? null : outer.getValue()));
      }
    }
  }

  /** Of several ranges that start at one address the one begun last holds. */
  private static <V> void begin(List<Start<V>> starts, Start<V> start) {
    int last = starts.size() - 1;
    if (last >= 0 && starts.get(last).high == start.high && starts.get(last).low == start.low) {
      starts.remove(last);
    }
    starts.add(start);
  }

  /** The value of the smallest block that holds the address, or null. */
  public @Nullable V get(IpAddress address) {
    int from = 0;
    int to = highs.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (compare(highs[middle], lows[middle], address.high(), address.low()) <= 0) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from == 0 ? null : values[from - 1];
  }

  private static int compare(long high, long low, long otherHigh, long otherLow) {
    int order = Long.compareUnsigned(high, otherHigh);
    return order != 0 ? order : Long.compareUnsigned(low, otherLow);
  }

  private record Start<V>(long high, long low, @Nullable V value) {}
}
