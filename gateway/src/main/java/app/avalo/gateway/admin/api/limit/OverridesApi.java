package app.avalo.gateway.admin.api.limit;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.On;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.filter.limit.override.LimitOverride;
import app.avalo.gateway.filter.limit.override.OverrideStore.TooMany;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Comparator;

/** Other rates for a user or partner, for a time and with a reason. */
public final class OverridesApi {
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(366);
  private static final Duration USUAL = Duration.ofDays(1);
  private static final int MOST_BURST = 1_000_000_000;

  private final Controls controls;
  private final Ticker ticker;

  public OverridesApi(Controls controls, Ticker ticker) {
    this.controls = controls;
    this.ticker = ticker;
  }

  public void register(Api api) {
    String all = "/admin/limits/:policy/overrides";
    String one = all + "/:subject";
    api.read(HttpMethod.GET, all, this::all);
    api.write(HttpMethod.PUT, one, Role.OPERATOR, "override-limit", this::put);
    api.write(HttpMethod.DELETE, one, Role.OPERATOR, "end-override", this::remove);
  }

  private Future<Answer> all(Call call) {
    return Answer.ok(view(policy(call.knows())));
  }

  private JsonObject view(LimitConfig policy) {
    JsonArray overrides = new JsonArray();
    controls.limits().overrides().of(policy).stream()
        .sorted(Comparator.comparing(LimitOverride::subject))
        .forEach(
            each ->
                overrides.add(
                    new JsonObject()
                        .put("subject", each.subject())
                        .put("rates", LimitsApi.view(each.allowance()))
                        .put("by", each.by())
                        .put("reason", each.reason())
                        .put("until", Words.time(each.untilEpochMillis()))));
    return new JsonObject().put("policy", policy.name()).put("overrides", overrides);
  }

  private LimitConfig policy(Call call) {
    return LimitsApi.policy(controls, call);
  }

  private Future<Answer> put(Call call) {
    LimitConfig policy = policy(call.target(call.path("policy") + " " + call.path("subject")));
    String subject = subject(call);
    if (!LimitOverride.fits(policy, subject)) {
      throw Refusal.malformed(
          "subject: "
              + subject
              + " (expected one with a bucket of its own; those of "
              + policy.name()
              + " are per "
              + policy.partition()
              + ")");
    }
    Fields body = call.knows().body();
    String text = body.text("rates", 200);
    if (LimitOverride.rates(text) == null) {
      throw body.wrong("rates", text, "one to four rates such as 10/s, 500/min");
    }
    int burst = body.integer("burst", 0, 1, MOST_BURST);
    Allowance allowance = LimitOverride.rates(text, burst);
    if (allowance == null) {
      throw body.wrong("burst", burst, "none beside several rates");
    }
    String reason = call.because(body.text("reason", 512));
    Duration expires = body.durationOrNull("expires", SHORTEST, LONGEST);
    body.end();
    long until = ticker.epochMillis() + (expires == null ? USUAL : expires).toMillis();
    LimitOverride order =
        new LimitOverride(policy.name(), subject, allowance, call.by(), reason, until);
    return On.loop(controls.controlLoop(), () -> controls.overrides().put(order))
        .recover(OverridesApi::refused)
        .map(kept -> new Answer(200, view(policy)));
  }

  private Future<Answer> remove(Call call) {
    LimitConfig policy = policy(call.target(call.path("policy") + " " + call.path("subject")));
    String subject = subject(call);
    String reason = call.knows("reason").query("reason");
    call.because(reason == null ? "" : reason);
    return On.loop(
            controls.controlLoop(), () -> controls.overrides().remove(policy.name(), subject))
        .map(ended -> new Answer(200, view(policy)));
  }

  private static String subject(Call call) {
    String subject = call.path("subject");
    if (!LimitOverride.isSubject(subject)) {
      throw Refusal.malformed("subject: " + subject + " (expected u=USER or k=KEY)");
    }
    return subject;
  }

  private static <T> Future<T> refused(Throwable failure) {
    return Future.failedFuture(
        failure instanceof TooMany ? Refusal.malformed(failure.getMessage()) : failure);
  }
}
