package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.edge.intake.Question;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What would happen to a request, decided by the code that decides the live one. */
public final class ExplainApi {
  private static final int LONGEST_URL = 8192;
  private static final int MOST_HEADERS = 64;

  private final Controls controls;

  public ExplainApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/explain", this::byQuery);
    api.read(HttpMethod.POST, "/admin/explain", this::byBody);
  }

  /** What is asked, before it is checked as a whole. */
  private record Asked(
      String method,
      @Nullable String url,
      Place to,
      MultiMap headers,
      @Nullable String client,
      boolean trusted) {}

  /**
   * Where it would arrive.
   *
   * @param listener null for the first
   */
  private record Place(@Nullable String listener, @Nullable String host) {}

  private Future<Answer> byQuery(Call call) {
    call.knows("method", "url", "listener", "host", "client", "header", "trusted");
    MultiMap headers = HttpHeaders.headers();
    for (String line : call.queries("header")) {
      int colon = line.indexOf(':');
      if (colon < 1) {
        throw Refusal.malformed("header", "without a colon", "Name: value");
      }
      String name = line.substring(0, colon).strip();
      if (isCredential(name)) {
        // Addresses end in histories and logs.
        throw Refusal.malformed("header", name, "credentials in the body of a POST");
      }
      put(headers, name, line.substring(colon + 1).strip());
    }
    String method = call.query("method");
    return explain(
        call,
        new Asked(
            method == null ? "GET" : method,
            call.query("url"),
            new Place(call.query("listener"), call.query("host")),
            headers,
            call.query("client"),
            trusted(call.query("trusted"))));
  }

  private static boolean trusted(@Nullable String text) {
    if (text == null || text.equals("false")) {
      return false;
    }
    if (text.equals("true")) {
      return true;
    }
    throw Refusal.malformed("trusted", text, "true or false");
  }

  private boolean isCredential(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return small.equals("authorization")
        || small.equals("cookie")
        || name.equalsIgnoreCase(controls.plan().config().identity().apiKeyHeader());
  }

  private Future<Answer> byBody(Call call) {
    Fields body = call.knows().body();
    MultiMap headers = HttpHeaders.headers();
    body.map("headers").forEach((name, value) -> addAll(headers, String.valueOf(name), value));
    String bearer = body.textOrNull("bearer", LONGEST_URL);
    if (bearer != null) {
      put(headers, "authorization", "Bearer " + bearer);
    }
    String key = body.textOrNull("apiKey", 1024);
    if (key != null) {
      put(headers, controls.plan().config().identity().apiKeyHeader(), key);
    }
    Asked asked =
        new Asked(
            body.textOr("method", "GET", 32),
            body.textOrNull("url", LONGEST_URL),
            new Place(body.textOrNull("listener", 64), body.textOrNull("host", 261)),
            headers,
            body.textOrNull("client", 64),
            body.flag("trusted", false));
    body.end();
    return explain(call, asked);
  }

  private static void addAll(MultiMap headers, String name, Object value) {
    if (value instanceof List<?> values) {
      values.forEach(each -> addOne(headers, name, each));
    } else {
      addOne(headers, name, value);
    }
  }

  private static void addOne(MultiMap headers, String name, Object value) {
    if (!(value instanceof String text)) {
      throw Refusal.malformed("headers." + name, "not text", "text or a list of texts");
    }
    put(headers, name, text);
  }

  private static void put(MultiMap headers, String name, String value) {
    try {
      if (headers.size() < MOST_HEADERS) {
        headers.add(name, value);
        return;
      }
    } catch (IllegalArgumentException notAllowed) {
      throw Refusal.malformed("headers", "a name or value that HTTP does not allow", "others");
    }
    throw Refusal.malformed("headers", "too many", "at most " + MOST_HEADERS);
  }

  private Future<Answer> explain(Call call, Asked asked) {
    if (asked.url() == null) {
      throw Refusal.malformed("url", "missing", "http://host/path or a path");
    }
    if (!isToken(asked.method())) {
      throw Refusal.malformed("method", asked.method(), "a method such as GET");
    }
    String client = asked.client() == null ? "127.0.0.1" : asked.client();
    IpAddress address = IpAddress.parse(client);
    if (address == null) {
      throw Refusal.malformed("client", client, "an IPv4 or IPv6 address");
    }
    return controls
        .explain(head(call, asked, address))
        .map(explained -> new Answer(200, view(explained)));
  }

  private Exchange.Head head(Call call, Asked asked, IpAddress client) {
    String url = Objects.requireNonNull(asked.url());
    boolean absolute = url.startsWith("http://") || url.startsWith("https://");
    if (!absolute && !url.startsWith("/")) {
      throw Refusal.malformed("url", url, "http://host/path or a path");
    }
    Place to = asked.to();
    String host = to.host() == null && !absolute ? "localhost" : to.host();
    try {
      return Question.at(controls.plan().config().listeners(), to.listener())
          .head(asked.method(), url, host, asked.headers(), client, asked.trusted(), call.id());
    } catch (IllegalArgumentException refused) {
      throw Refusal.malformed(String.valueOf(refused.getMessage()));
    }
  }

  private static boolean isToken(String method) {
    for (int i = 0; i < method.length(); i++) {
      char c = method.charAt(i);
      if (!(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-')) {
        return false;
      }
    }
    return !method.isEmpty();
  }

  /** An exchange that was explained, as it is shown; the command line shows the same. */
  public static JsonObject view(Exchange exchange) {
    Target target = exchange.target();
    Caller caller = exchange.caller();
    JsonArray steps = new JsonArray();
    for (Explanation.Step step : Objects.requireNonNull(exchange.explanation()).steps()) {
      steps.add(
          new JsonObject()
              .put("subject", step.subject())
              .put("verdict", step.verdict())
              .put("facts", json(step.facts())));
    }
    boolean answered = exchange.status() != 0;
    return new JsonObject()
        .put("method", exchange.method())
        .put("host", exchange.host())
        .put("path", exchange.path())
        .put("client", exchange.client().toString())
        .put("route", exchange.routed() ? exchange.route().name() : null)
        .put("service", target == null ? null : target.service().name())
        .put("user", caller.user())
        .put("apiKey", caller.apiKey())
        .put("tier", caller.tier())
        .put("outcome", answered ? "answered" : exchange.region() != null ? "forwarded" : "stuck")
        .put("status", answered ? exchange.status() : null)
        .put("region", exchange.region() == null ? null : exchange.region().name())
        .put("steps", steps);
  }

  /** Facts may be anything; what JSON has no form for is written as text. */
  static @Nullable Object json(@Nullable Object fact) {
    if (fact instanceof Map<?, ?> map) {
      JsonObject object = new JsonObject();
      map.forEach((name, value) -> object.put(String.valueOf(name), json(value)));
      return object;
    }
    if (fact instanceof Iterable<?> all) {
      JsonArray array = new JsonArray();
      all.forEach(each -> array.add(json(each)));
      return array;
    }
    if (fact instanceof Double number && !Double.isFinite(number)) {
      return null;
    }
    return fact == null || fact instanceof Number || fact instanceof Boolean
        ? fact
        : fact.toString();
  }
}
