package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import io.vertx.core.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.Map;

/** The answers to callers who may not pass (RFC 6750, 3), and the words for {@code explain}. */
final class Refusals {
  private static final CharSequence WWW_AUTHENTICATE =
      HttpHeaders.createOptimized("www-authenticate");

  private Refusals() {}

  static void noCredential(Exchange exchange, CredentialTable table, Next next) {
    String detail = "The route needs a known caller.";
    explain(exchange, "refused: no credential", "none");
    challenge(exchange, Kind.UNAUTHENTICATED, "identity", detail, challengeOf(table), next);
  }

  static void badCredential(Exchange exchange, CredentialTable table, String reason, Next next) {
    String detail = "The credential was refused: " + reason + ".";
    String error = ", error=\"invalid_token\", error_description=\"" + reason + "\"";
    explain(exchange, "refused: " + reason, "not trusted");
    challenge(exchange, Kind.UNAUTHENTICATED, "identity", detail, challengeOf(table) + error, next);
  }

  static void wrongRole(Exchange exchange, CredentialTable table, String source, Next next) {
    String detail = "The caller has none of the roles that the route needs.";
    String error = ", error=\"insufficient_scope\"";
    explain(exchange, "refused: no role that the route needs", source);
    challenge(exchange, Kind.FORBIDDEN, "access.roles", detail, challengeOf(table) + error, next);
  }

  /** Asking again makes sense once a load may have been tried again. */
  static void unavailable(Exchange exchange, Next next) {
    String detail = "The keys that would check the token cannot be reached.";
    explain(exchange, "refused: keys not reachable", "not trusted");
    next.reply(
        exchange,
        Reply.Local.of(
            new GatewayError(
                Kind.STORE_DOWN,
                exchange.route().name() + ".identity",
                detail,
                KeySource.LEAST_INTERVAL.toSeconds())));
  }

  static void overloaded(Exchange exchange, Next next) {
    String detail = "Too many tokens are being verified.";
    explain(exchange, "refused: too many verifications", "not trusted");
    String rule = exchange.route().name() + ".identity";
    next.reply(exchange, Reply.Local.of(new GatewayError(Kind.OVERLOADED, rule, detail, 1)));
  }

  private static String challengeOf(CredentialTable table) {
    return table.readsTokens() || !table.readsApiKeys()
        ? "Bearer realm=\"avalo\""
        : "ApiKey realm=\"avalo\"";
  }

  private static void challenge(
      Exchange exchange, Kind kind, String rule, String detail, String challenge, Next next) {
    Reply.Local reply =
        Reply.Local.of(new GatewayError(kind, exchange.route().name() + "." + rule, detail, -1));
    reply.headers().set(WWW_AUTHENTICATE, challenge);
    next.reply(exchange, reply);
  }

  /** Notes who the caller is; the credential itself never appears. */
  static void explain(Exchange exchange, String verdict, String source) {
    Explanation explanation = exchange.explanation();
    if (explanation == null) {
      return;
    }
    Caller caller = exchange.caller();
    Map<String, Object> facts = new LinkedHashMap<>();
    if (caller.user() != null) {
      facts.put("user", caller.user());
    }
    if (caller.apiKey() != null) {
      facts.put("apiKey", caller.apiKey());
    }
    facts.put("tier", caller.tier());
    facts.put("roles", caller.roles());
    facts.put("source", source);
    explanation.add("identity", verdict, facts);
  }
}
