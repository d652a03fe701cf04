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
    Check check = new Check(exchange, table, (Verdict.Accepted) key, next);
    settle(check, table.readsTokens() ? credentials.token(exchange, table) : null, false);
  }

  /**
   * One exchange on its way through this filter.
   *
   * @param key the good API key, or null
   */
  private record Check(
      Exchange exchange, CredentialTable table, Verdict.@Nullable Accepted key, Next next) {}

  /**
   * Decides, or finds out what is missing for it.
   *
   * @param renewed whether newer keys were asked for already; one try is enough
   */
  private void settle(Check check, @Nullable Verdict token, boolean renewed) {
    if (token instanceof Verdict.Deferred deferred) {
      Context loop = Vertx.currentContext();
      if (!identities.defer(
          deferred.work(), verdict -> onLoop(loop, () -> settle(check, verdict, renewed)))) {
        Refusals.overloaded(check.exchange, check.next);
      }
    } else if (token instanceof Verdict.UnknownKey unknown) {
      if (renewed) {
        decide(check, lastWord(unknown.source()));
      } else {
        renew(check, unknown.source());
      }
    } else {
      decide(check, token);
    }
  }

  /**
   * Waits for newer keys if that can help, then looks at the token once more. An explanation asks
   * for none where a gateway serves, but has to where nobody loaded any: on the command line.
   */
  private void renew(Check check, KeySource source) {
    if (check.exchange.explaining() && source.hasBegun()) {
      decide(check, lastWord(source));
      return;
    }
    Context loop = Vertx.currentContext();
    Runnable again = () -> settle(check, credentials.token(check.exchange, check.table), true);
    KeySource.Renewal renewal = source.renew(() -> onLoop(loop, again));
    if (renewal == KeySource.Renewal.UNAVAILABLE) {
      decide(check, new Verdict.Unavailable());
    } else if (renewal == KeySource.Renewal.CURRENT) {
      // The keys may have come between our look and our question, on another loop's behalf.
      again.run();
    }
  }

  private static void onLoop(@Nullable Context loop, Runnable task) {
    if (loop == null) {
      task.run();
    } else {
      loop.runOnContext(nothing -> task.run());
    }
  }

  /** A key unknown to fresh keys is a bad token; to stale ones, or to none, an open question. */
  private static Verdict lastWord(KeySource source) {
    return source.failing() || source.current() == null
        ? new Verdict.Unavailable()
        : new Verdict.Rejected("signed by an unknown key");
  }

  private static void decide(Check check, @Nullable Verdict token) {
    Verdict.Accepted key = check.key;
    if (token instanceof Verdict.Rejected rejected) {
      Refusals.badCredential(check.exchange, check.table, rejected.reason(), check.next);
    } else if (token instanceof Verdict.Accepted accepted) {
      admit(check.exchange, check.table, both(accepted, key), accepted.source(), check.next);
    } else if (token != null) {
      Refusals.unavailable(check.exchange, check.next);
    } else if (key != null) {
      admit(check.exchange, check.table, key.caller(), key.source(), check.next);
    } else {
      admit(check.exchange, check.table, Caller.ANONYMOUS, "none", check.next);
    }
  }

  private static Caller both(Verdict.Accepted token, Verdict.@Nullable Accepted key) {
    Caller user = token.caller();
    return key == null
        ? user
        : new Caller(user.user(), key.caller().apiKey(), user.tier(), user.roles(), user.claims());
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
