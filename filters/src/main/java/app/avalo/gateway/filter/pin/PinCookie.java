package app.avalo.gateway.filter.pin;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a cookie says: one user's tenures in all groups. Immutable.
 *
 * @param identity whose
 * @param expiresSeconds wall clock, seconds since 1970
 * @param groups hashes of the groups' names, see {@link #groupHash}
 * @param tenures of the groups, at the same positions
 */
record PinCookie(PinIdentity identity, long expiresSeconds, int[] groups, Tenure[] tenures) {
  /**
   * What a cookie says of one group: a hint that saves the store call, and a witness of the highest
   * epoch its bearer was served under.
   *
   * @param home region index
   * @param epoch see {@link app.avalo.gateway.filter.pin.store.Epoch}
   */
  record Tenure(int home, long epoch) {}

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

  /** The tenure in a group, or null. */
  @Nullable Tenure tenure(String group) {
    int hash = groupHash(group);
    for (int i = 0; i < groups.length; i++) {
      if (groups[i] == hash) {
        return tenures[i];
      }
    }
    return null;
  }

  /** The same cookie with another tenure in one group, and a new life. */
  static PinCookie with(
      @Nullable PinCookie old,
      PinIdentity identity,
      String group,
      Tenure tenure,
      long expiresSeconds) {
    int hash = groupHash(group);
    if (old == null) {
      return new PinCookie(identity, expiresSeconds, new int[] {hash}, new Tenure[] {tenure});
    }
    int kept = old.groups.length;
    int at = 0;
    while (at < kept && old.groups[at] != hash) {
      at++;
    }
    int drop = at == MOST_GROUPS ? 1 : 0;
    int size = Math.max(kept, at + 1) - drop;
    int[] groups = Arrays.copyOfRange(old.groups, drop, drop + size);
    Tenure[] tenures = Arrays.copyOfRange(old.tenures, drop, drop + size);
    groups[at - drop] = hash;
    tenures[at - drop] = tenure;
    return new PinCookie(identity, expiresSeconds, groups, tenures);
  }
}
