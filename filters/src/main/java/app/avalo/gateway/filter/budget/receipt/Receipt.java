package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What makes two requests the same to a budget: who sends them, what they ask for, and the id that
 * they carry. A digest, as all of it is the client's.
 *
 * @param budget whose money it is, the purse's name for one
 * @param high half of the digest
 * @param low the other half
 */
public record Receipt(String budget, long high, long low) {
  /** The gateway's own name for a request, believed from trusted hops only. */
  private static final String REQUEST_ID = "x-request-id";

  private static final int LONGEST = 255;

  /**
   * Of a request, by the header that names it; null for one that nobody can know again: without the
   * header, with two, with one of more than 255 characters, or of a caller without a name.
   */
  public static @Nullable Receipt of(Exchange exchange, String budget, String header) {
    boolean ours = header.equalsIgnoreCase(REQUEST_ID);
    String caller = ours ? "" : name(exchange.caller());
    String id = ours ? hopsId(exchange.head()) : only(exchange.head().headers().getAll(header));
    if (caller == null || id == null || id.isEmpty() || id.length() > LONGEST) {
      return null;
    }
    Exchange.Head head = exchange.head();
    String query = head.queryString() == null ? "" : '?' + head.queryString();
    byte[] digest = digest(id, caller, budget, head.method(), head.host(), head.path(), query);
    ByteBuffer halves = ByteBuffer.wrap(digest);
    return new Receipt(budget, halves.getLong(), halves.getLong());
  }

  private static @Nullable String name(Caller caller) {
    if (caller.user() != null) {
      return "user " + caller.user();
    }
    return caller.apiKey() == null ? null : "key " + caller.apiKey();
  }

  private static @Nullable String hopsId(Exchange.Head head) {
    return head.viaTrustedHop() ? head.id() : null;
  }

  /** Of two the service may mean the other. */
  private static @Nullable String only(List<String> values) {
    return values.size() == 1 ? values.get(0) : null;
  }

  private static byte[] digest(String... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing); // every JDK has it
    }
  }
}
