package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchange.Head;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What makes two requests the same to a budget: who sends them, to which service, what they ask
 * for, and the id that they carry. A digest, as all of it is the client's.
 *
 * @param budget whose money it is, as in the YAML
 * @param high half of the digest
 * @param low the other half
 * @param call this request, of those with the same id
 */
public record Receipt(String budget, long high, long low, long call) {
  /** The gateway's own name for a request, believed from trusted hops only. */
  private static final String REQUEST_ID = "x-request-id";

  private static final int LONGEST = 255;

  /** Of another request. */
  Receipt(String budget, long high, long low) {
    this(budget, high, low, ThreadLocalRandom.current().nextLong());
  }

  /**
   * Of a request, by the header that names it; null for one that nobody can know again: without
   * exactly one such header that reaches the service, with an id of more than 255 characters, of a
   * caller without a name, and for a WebSocket.
   */
  public static @Nullable Receipt of(Exchange exchange, BudgetConfig budget, String header) {
    Head head = exchange.head();
    boolean ours = header.equalsIgnoreCase(REQUEST_ID);
    String caller = ours ? "" : name(exchange.caller());
    String id = only(head.headers(), header);
    boolean believed = !ours || head.viaTrustedHop() && head.id().equals(id);
    if (caller == null
        || id == null
        || id.isEmpty()
        || id.length() > LONGEST
        || !believed
        || head.headers().contains(HttpHeaders.UPGRADE)) {
      return null;
    }
    var target = exchange.target();
    String service = target == null ? "" : target.service().config().name();
    String query = head.queryString() == null ? "" : '?' + head.queryString();
    ByteBuffer digest =
        digest(
            id,
            caller,
            budget.name(),
            service,
            exchange.route().name(),
            head.method(),
            head.host(),
            head.path(),
            query);
    return new Receipt(budget.title(), digest.getLong(), digest.getLong());
  }

  private static @Nullable String name(Caller caller) {
    if (caller.user() != null) {
      return "user " + caller.user();
    }
    return caller.apiKey() == null ? null : "key " + caller.apiKey();
  }

  /**
   * The value that the service sees, or null: of two it may mean the other, an underscore is a
   * hyphen to many, and what {@code Connection} names stays here.
   */
  private static @Nullable String only(MultiMap headers, String header) {
    String plain = plain(header);
    String found = null;
    for (var each : headers) {
      if (plain(each.getKey()).equals(plain)) {
        if (found != null || !each.getKey().equalsIgnoreCase(header)) {
          return null;
        }
        found = each.getValue();
      }
    }
    return isDropped(headers.getAll(HttpHeaders.CONNECTION), header) ? null : found;
  }

  private static boolean isDropped(List<String> connection, String header) {
    for (String value : connection) {
      for (String name : value.split(",")) {
        if (name.trim().equalsIgnoreCase(header)) {
          return true;
        }
      }
    }
    return false;
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static ByteBuffer digest(String... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
      }
      return ByteBuffer.wrap(digest.digest());
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing); // every JDK has it
    }
  }
}
