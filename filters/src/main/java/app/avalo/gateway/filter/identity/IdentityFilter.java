package app.avalo.gateway.filter.identity;

import app.avalo.gateway.config.RouteConfig.Access;
import app.avalo.gateway.config.RouteConfig.Need;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who the caller is, and whether the route wants somebody else.
 *
 * <p>A credential of a configured kind must be good even where none is needed, unless the route
 * says {@link Need#NONE}. Token and API key may come together; both must be good, and the token
 * then says user, tier and roles.
 */
public final class IdentityFilter implements Filter {
  private final Identities identities;
  private final Credentials credentials;

  /** A filter for one event loop. */
  public IdentityFilter(Identities identities) {
    this.identities = identities;
    this.credentials = new Credentials(identities);
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Access access = exchange.route().config().access();
    CredentialTable table = identities.table(exchange.plan().config().identity());
    if (access.identity() == Need.NONE) {
      admit(exchange, table, Caller.ANONYMOUS, "not looked at", next);
      return;
    }
    Verdict key = table.readsApiKeys() ? credentials.apiKey(exchange, table) : null;
    if (key instanceof Verdict.Rejected rejected) {
      Refusals.badCredential(exchange, table, rejected.reason(), next);
      return;
    }
    Verdict token = table.readsTokens() ? credentials.token(exchange, table) : null;
    if (token instanceof Verdict.UnknownKey unknown) {
      renew(exchange, table, unknown, (Verdict.Accepted) key, next);
    } else {
      decide(exchange, table, token, (Verdict.Accepted) key, next);
    }
  }

  /** Waits for newer keys if that can help, then looks at the token once more. */
  private void renew(
      Exchange exchange,
      CredentialTable table,
      Verdict.UnknownKey unknown,
      Verdict.@Nullable Accepted key,
      Next next) {
    Context loop = Vertx.currentContext();
    Runnable again =
        () -> {
          Verdict second = credentials.token(exchange, table);
          decide(exchange, table, settled(second, unknown.source()), key, next);
        };
    KeySource.Renewal renewal =
        exchange.explaining()
            ? KeySource.Renewal.CURRENT
            : unknown.source().renew(() -> onLoop(loop, again));
    if (renewal == KeySource.Renewal.UNAVAILABLE) {
      decide(exchange, table, new Verdict.Unavailable(), key, next);
    } else if (renewal == KeySource.Renewal.CURRENT) {
      decide(exchange, table, settled(unknown, unknown.source()), key, next);
    }
  }

  private static void onLoop(@Nullable Context loop, Runnable task) {
    if (loop == null) {
      task.run();
    } else {
      loop.runOnContext(nothing -> task.run());
    }
  }

  /**
   * A key unknown to fresh keys is a bad token; to stale ones, or to none, it is an open question.
   */
  private static @Nullable Verdict settled(@Nullable Verdict verdict, KeySource source) {
    if (!(verdict instanceof Verdict.UnknownKey)) {
      return verdict;
    }
    return source.failing() || source.current() == null
        ? new Verdict.Unavailable()
        : new Verdict.Rejected("signed by an unknown key");
  }

  private static void decide(
      Exchange exchange,
      CredentialTable table,
      @Nullable Verdict token,
      Verdict.@Nullable Accepted key,
      Next next) {
    if (token instanceof Verdict.Rejected rejected) {
      Refusals.badCredential(exchange, table, rejected.reason(), next);
    } else if (token instanceof Verdict.Accepted accepted) {
      admit(exchange, table, both(accepted, key), accepted.source(), next);
    } else if (token != null) {
      Refusals.unavailable(exchange, next);
    } else if (key != null) {
      admit(exchange, table, key.caller(), key.source(), next);
    } else {
      admit(exchange, table, Caller.ANONYMOUS, "none", next);
    }
  }

  private static Caller both(Verdict.Accepted token, Verdict.@Nullable Accepted key) {
    Caller user = token.caller();
    return key == null
        ? user
        : new Caller(user.user(), key.caller().apiKey(), user.tier(), user.roles());
  }

  private static void admit(
      Exchange exchange, CredentialTable table, Caller caller, String source, Next next) {
    Access access = exchange.route().config().access();
    List<String> roles = access.roles();
    exchange.caller(caller);
    if (!caller.known() && (access.identity() == Need.REQUIRED || !roles.isEmpty())) {
      Refusals.noCredential(exchange, table, next);
    } else if (!roles.isEmpty() && !hasOne(caller, roles)) {
      Refusals.wrongRole(exchange, table, source, next);
    } else {
      Refusals.explain(exchange, caller.known() ? "known" : "anonymous", source);
      next.proceed(exchange);
    }
  }

  private static boolean hasOne(Caller caller, List<String> roles) {
    for (int i = 0; i < roles.size(); i++) {
      if (caller.roles().contains(roles.get(i))) {
        return true;
      }
    }
    return false;
  }
}
