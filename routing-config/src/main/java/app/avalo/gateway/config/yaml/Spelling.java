package app.avalo.gateway.config.yaml;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What somebody probably meant. */
public final class Spelling {
  private static final int LISTED = 24;

  private Spelling() {}

  /** {@code did you mean chat?}, or the known words, for use in brackets after a wrong word. */
  public static String hint(String word, Collection<String> known) {
    String near = nearest(word, known);
    if (near != null) {
      return "did you mean " + near + "?";
    }
    if (known.isEmpty()) {
      return "expected none, since none is defined";
    }
    String list = String.join(", ", known.stream().limit(LISTED).toList());
    return "expected one of " + list + (known.size() > LISTED ? ", ..." : "");
  }

  /** The known word with the fewest edits, if they are few for its length; null otherwise. */
  public static @Nullable String nearest(String word, Collection<String> known) {
    String small = word.toLowerCase(Locale.ROOT);
    String best = null;
    int fewest = Math.max(1, Math.min(word.length(), 64) / 3) + 1;
    for (String candidate : known) {
      int edits = word.length() > 64 ? fewest : edits(small, candidate.toLowerCase(Locale.ROOT));
      if (edits < fewest) {
        fewest = edits;
        best = candidate;
      }
    }
    return best;
  }

  /** Insertions, deletions, replacements and swaps of neighbours (Damerau 1964). */
  private static int edits(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int replace = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        cost[i][j] = Math.min(replace, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
