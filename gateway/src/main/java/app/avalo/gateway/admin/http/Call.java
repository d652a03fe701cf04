package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.yaml.Spelling;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One call to the admin port. One event loop. */
public final class Call {
  private static final int LONGEST_QUERY = 512;

  private final RoutingContext context;
  private final String id;
  private @Nullable Who who; // Api, once the gate knows
  private String target = ""; // the handler of a write
  private String change = ""; // the handler of a write, where its action does not say it
  private String reason = ""; // the handler of a write

  Call(RoutingContext context, String id) {
    this.context = context;
    this.id = id;
  }

  /** Request id, in the answer and in the audit log. */
  public String id() {
    return id;
  }

  /** Name of the caller's credential. */
  public String by() {
    return who().name();
  }

  /** The caller; nobody before the gate has found out. */
  public Who who() {
    return who == null ? Who.NOBODY : who;
  }

  void identified(Who who) {
    this.who = who;
  }

  /** A part of the path, decoded. */
  public String path(String name) {
    return String.valueOf(context.pathParam(name));
  }

  /** A query parameter, or null; the others must be among those the call knows. */
  public @Nullable String query(String name) {
    String value = context.queryParams().get(name);
    if (value != null && (value.isBlank() || value.length() > LONGEST_QUERY)) {
      throw Refusal.malformed(name, "empty or long", "1 to " + LONGEST_QUERY + " characters");
    }
    return value;
  }

  /** All values of a query parameter. */
  public List<String> queries(String name) {
    return context.queryParams().getAll(name);
  }

  /** Refuses query parameters other than these. */
  public Call knows(String... names) {
    MultiMap sent = context.queryParams();
    Set<String> known = new TreeSet<>(List.of(names));
    for (String name : sent.names()) {
      if (!known.contains(name)) {
        throw Refusal.malformed("query." + name + ": unknown (" + Spelling.hint(name, known) + ")");
      }
    }
    return this;
  }

  /** The body as one JSON object. */
  public Fields body() {
    return Fields.parse(context.body() == null ? null : context.body().buffer());
  }

  /** Says what is written to, for the audit log. */
  public Call target(String target) {
    this.target = clean(target);
    return this;
  }

  /** Says what is changed, for the audit log. */
  public void change(String change) {
    this.change = clean(change);
  }

  /** Says why, for the audit log; gives it as it stands there. */
  public String because(String reason) {
    this.reason = clean(reason);
    return this.reason;
  }

  String target() {
    return target.isEmpty() ? clean(context.request().path()) : target;
  }

  String change() {
    return change;
  }

  String reason() {
    return reason;
  }

  RoutingContext context() {
    return context;
  }

  /** What goes into a log line: bounded, no line breaks. */
  private static String clean(@Nullable String text) {
    if (text == null) {
      return "";
    }
    StringBuilder clean = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), LONGEST_QUERY); i++) {
      char c = text.charAt(i);
      clean.append(Character.isISOControl(c) ? '?' : c);
    }
    return clean.toString();
  }
}
