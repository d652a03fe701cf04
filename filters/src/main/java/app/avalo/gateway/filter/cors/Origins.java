package app.avalo.gateway.filter.cors;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The origins that a policy lists: exact, with a wildcard for subdomains, or all. */
final class Origins {
  private final boolean any;
  private final Set<String> exact = new HashSet<>();
  private final Subdomains[] wildcards;

  /**
   * The origins of {@code https://*.avalo.app}.
   *
   * @param scheme with the slashes, {@code https://}
   * @param suffix from the dot on, with the port if there is one
   */
  private record Subdomains(String scheme, String suffix) {
    boolean hold(String origin) {
      int end = origin.length() - suffix.length();
      return end > scheme.length()
          && origin.startsWith(scheme)
          && origin.endsWith(suffix)
          && isHostName(origin, scheme.length(), end);
    }
  }

  /**
   * The listed origins.
   *
   * @param credentials whether cookies go along; then the star stands for nothing, as the standard
   *     says
   */
  Origins(List<String> origins, boolean credentials) {
    this.any = origins.contains("*") && !credentials;
    this.wildcards =
        origins.stream()
            .filter(origin -> origin.contains("://*."))
            .map(Origins::subdomains)
            .toArray(Subdomains[]::new);
    for (String origin : origins) {
      if (!origin.contains("*") && !origin.equals("null")) {
        exact.add(origin);
      }
    }
  }

  private static Subdomains subdomains(String origin) {
    int star = origin.indexOf("*.");
    return new Subdomains(origin.substring(0, star), origin.substring(star + 1));
  }

  /** Whether every origin is welcome, the opaque {@code null} included. */
  boolean any() {
    return any;
  }

  /** Whether this serialised origin is; browsers send it in lower case. */
  boolean allow(String origin) {
    if (any || exact.contains(origin)) {
      return true;
    }
    for (Subdomains wildcard : wildcards) {
      if (wildcard.hold(origin)) {
        return true;
      }
    }
    return false;
  }

  /** Labels and dots only: a slash, colon or at sign would hide another host before the suffix. */
  private static boolean isHostName(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      boolean label = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-';
      boolean dotBetween = c == '.' && i > from && text.charAt(i - 1) != '.' && i + 1 < to;
      if (!label && !dotBetween) {
        return false;
      }
    }
    return true;
  }
}
