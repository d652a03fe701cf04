package app.avalo.gateway.forward.head;

import app.avalo.gateway.upstream.Fields;
import io.netty.util.AsciiString;
import java.util.Map;

/** For how long a service asks to be left alone (RFC 9110, 10.2.3). */
public final class RetryAfter {
  /** Nobody keeps callers away for longer by one word. */
  private static final int MOST_SECONDS = 60;

  /** What a date, or what cannot be read, is taken for. */
  private static final int VAGUE_SECONDS = 5;

  private static final CharSequence NAME = AsciiString.cached("retry-after");

  private RetryAfter() {}

  /** From 1 to 60 seconds, or 0 for what does not ask. */
  public static int seconds(int status, Fields fields) {
    if (status != 503) {
      return 0;
    }
    for (Map.Entry<CharSequence, CharSequence> field : fields) {
      if (AsciiString.contentEqualsIgnoreCase(NAME, field.getKey())) {
        return seconds(field.getValue());
      }
    }
    return 0;
  }

  private static int seconds(CharSequence text) {
    int seconds = 0;
    for (int i = 0; i < text.length() && seconds < MOST_SECONDS; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return VAGUE_SECONDS;
      }
      seconds = seconds * 10 + c - '0';
    }
    return text.length() == 0 ? VAGUE_SECONDS : Math.max(1, Math.min(seconds, MOST_SECONDS));
  }
}
