package app.avalo.gateway.config.text;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map whose look-up takes a slice of a string instead of a string of its own, so that it
 * allocates nothing. Open addressing, at most half full. Keys come from the configuration only: a
 * request cannot lengthen a probe.
 *
 * @param <V> kind of value
 */
public final class SliceMap<V> {
  private final @Nullable String[] keys;
  private final @Nullable V[] values;
  private final int mask;
  private final int size;

  private SliceMap(int capacity, int size) {
    this.keys = new String[capacity];
    this.values = array(capacity);
    this.mask = capacity - 1;
    this.size = size;
  }

  @SuppressWarnings("unchecked")
  private static <V> @Nullable V[] array(int length) {
    return (V[]) new Object[length];
  }

  /** A map with these entries. */
  public static <V> SliceMap<V> of(Map<String, V> entries) {
    int capacity = Integer.highestOneBit(Math.max(1, entries.size())) * 4;
    SliceMap<V> map = new SliceMap<>(capacity, entries.size());
    entries.forEach(map::put);
    return map;
  }

  private void put(String key, V value) {
    int at = hash(key, 0, key.length()) & mask;
    while (keys[at] != null) {
      at = (at + 1) & mask;
    }
    keys[at] = key;
    values[at] = value;
  }

  /** The value whose key is {@code text[from, to)}, or null. */
  public @Nullable V get(String text, int from, int to) {
    if (size == 0) {
      return null;
    }
    int length = to - from;
    int at = hash(text, from, to) & mask;
    for (String key = keys[at]; key != null; key = keys[at]) {
      if (key.length() == length && text.startsWith(key, from)) {
        return values[at];
      }
      at = (at + 1) & mask;
    }
    return null;
  }

  private static int hash(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return hash ^ hash >>> 16;
  }
}
