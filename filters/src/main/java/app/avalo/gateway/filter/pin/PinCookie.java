package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.pin.store.Binding;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a cookie says: one user's bindings in all groups. Immutable.
 *
 * @param identity whose
 * @param expiresSeconds wall clock, seconds since 1970
 * @param groups hashes of the groups' names, see {@link #groupHash}
 * @param bindings of the groups, at the same positions; since and cause are not carried
 */
record PinCookie(PinIdentity identity, long expiresSeconds, int[] groups, Binding[] bindings) {
  /** A cookie with more groups loses the oldest; keeps it under 400 characters. */
  static final int MOST_GROUPS = 16;

  /** FNV-1a over the name's characters. Written into cookies: never change it. */
  static int groupHash(String group) {
    int hash = 0x811C9DC5;
    for (int i = 0; i < group.length(); i++) {
      hash = (hash ^ group.charAt(i)) * 0x01000193;
    }
    return hash;
  }

  /** The binding in a group, or null. */
  @Nullable Binding binding(String group) {
    int hash = groupHash(group);
    for (int i = 0; i < groups.length; i++) {
      if (groups[i] == hash) {
        return bindings[i];
      }
    }
    return null;
  }

  /** The same cookie with another binding in one group, and a new life. */
  static PinCookie with(
      @Nullable PinCookie old,
      PinIdentity identity,
      String group,
      Binding binding,
      long expiresSeconds) {
    int hash = groupHash(group);
    if (old == null) {
      return new PinCookie(identity, expiresSeconds, new int[] {hash}, new Binding[] {binding});
    }
    int kept = old.groups.length;
    int at = 0;
    while (at < kept && old.groups[at] != hash) {
      at++;
    }
    int drop = at == MOST_GROUPS ? 1 : 0;
    int size = Math.max(kept, at + 1) - drop;
    int[] groups = Arrays.copyOfRange(old.groups, drop, drop + size);
    Binding[] bindings = Arrays.copyOfRange(old.bindings, drop, drop + size);
    groups[at - drop] = hash;
    bindings[at - drop] = binding;
    return new PinCookie(identity, expiresSeconds, groups, bindings);
  }
}
