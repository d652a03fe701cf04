package app.avalo.gateway.admin.api.limit;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.On;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.Daily;
import app.avalo.gateway.config.LimitConfig.Event;
import app.avalo.gateway.config.LimitConfig.Follow;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.config.unit.Durations;
import app.avalo.gateway.filter.limit.LimitAdmin.BucketView;
import app.avalo.gateway.filter.limit.Limits;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Limits: policies with their counts; a look into one caller's buckets, and filling them up. */
public final class LimitsApi {
  private final Controls controls;

  public LimitsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    String bucket = "/admin/limits/:policy/buckets/:key";
    api.read(HttpMethod.GET, "/admin/limits", this::all);
    api.read(HttpMethod.GET, bucket, this::peek);
    api.write(HttpMethod.DELETE, bucket, Role.OPERATOR, "reset-bucket", this::reset);
  }

  private Future<Answer> all(Call call) {
    call.knows();
    Map<String, Limits.Counts> counts = controls.limits().counts();
    JsonArray policies = new JsonArray();
    for (LimitConfig policy : controls.plan().config().limits().values()) {
      Limits.Counts counted = counts.getOrDefault(policy.name(), Limits.Counts.NONE);
      policies.add(view(policy, controls.limits(), counted));
    }
    return Answer.ok(
        new JsonObject()
            .put("localBuckets", controls.limits().localBuckets())
            .put("replicas", controls.limits().replicas())
            .put("policies", policies));
  }

  private static JsonObject view(LimitConfig policy, Limits limits, Limits.Counts counts) {
    JsonArray key = new JsonArray();
    policy.key().forEach(part -> key.add(Words.of(part)));
    JsonObject tiers = new JsonObject();
    policy.tiers().forEach((tier, allowance) -> tiers.put(tier, view(allowance)));
    JsonObject reserve = new JsonObject();
    policy.reserve().forEach((priority, percent) -> reserve.put(Words.of(priority), percent));
    JsonObject by = new JsonObject();
    counts.by().forEach((who, decisions) -> by.put(Words.of(who), decisions));
    return new JsonObject()
        .put("name", policy.name())
        .put("key", key)
        .put("rates", view(policy.allowance()))
        .put("tiers", tiers)
        .put("mode", Words.of(policy.mode()))
        .put("onStoreDown", Words.of(policy.onStoreDown()))
        .put("shadow", policy.shadow())
        .put("cost", view(policy.cost()))
        .put("fields", policy.fields())
        .put("schedule", new JsonArray(policy.schedule().stream().map(LimitsApi::view).toList()))
        .put("follow", view(policy.follow()))
        .put("timeOut", view(policy.timeOut()))
        .put("reserve", reserve)
        .put("percent", limits.percent(policy.name()))
        .put("shutOut", limits.shutOut(policy.name()))
        .put("allowed", counts.allowed())
        .put("refused", counts.refused())
        .put("shadowed", counts.shadowed())
        .put("degraded", counts.degraded())
        .put("decidedBy", by);
  }

  static @Nullable JsonArray view(@Nullable Allowance allowance) {
    if (allowance == null) {
      return null;
    }
    JsonArray rates = new JsonArray();
    for (Bandwidth bandwidth : allowance.bandwidths()) {
      rates.add(
          new JsonObject()
              .put("rate", bandwidth.rate().toString())
              .put("burst", bandwidth.burst()));
    }
    return rates;
  }

  private static JsonObject view(Season season) {
    JsonObject view = new JsonObject().put("percent", season.percent());
    if (season.when() instanceof Daily daily) {
      JsonArray days = new JsonArray();
      daily.days().stream().sorted().forEach(day -> days.add(Words.of(day)));
      return view.put("from", daily.from().toString())
          .put("to", daily.to().toString())
          .put("days", days)
          .put("zone", daily.zone().getId());
    }
    Event event = (Event) season.when();
    return view.put("start", event.start().toString()).put("end", event.end().toString());
  }

  private static @Nullable JsonObject view(@Nullable Follow follow) {
    if (follow == null) {
      return null;
    }
    Duration latency = follow.latency();
    return new JsonObject()
        .put("latency", latency == null ? null : Durations.format(latency))
        .put("errors", follow.errors())
        .put("leastPercent", follow.leastPercent());
  }

  private static @Nullable JsonObject view(@Nullable TimeOut rule) {
    return rule == null
        ? null
        : new JsonObject()
            .put("after", rule.after())
            .put("within", Durations.format(rule.within()))
            .put("first", Durations.format(rule.first()))
            .put("most", Durations.format(rule.most()));
  }

  private static JsonObject view(Cost cost) {
    JsonObject methods = new JsonObject();
    cost.methods().forEach(methods::put);
    return new JsonObject()
        .put("base", cost.base())
        .put("methods", methods)
        .put("perMebibyte", cost.perMebibyte())
        .put("header", cost.header());
  }

  private LimitConfig policy(Call call) {
    return policy(controls, call);
  }

  /** The limit that the path names. */
  static LimitConfig policy(Controls controls, Call call) {
    Map<String, LimitConfig> limits = controls.plan().config().limits();
    LimitConfig policy = limits.get(call.path("policy"));
    if (policy == null) {
      throw Refusal.unknown("limit", call.path("policy"), limits.keySet());
    }
    return policy;
  }

  private Future<Answer> peek(Call call) {
    LimitConfig policy = policy(call.knows());
    String key = call.path("key");
    return On.loop(controls.controlLoop(), () -> controls.limitAdmin().peek(policy, key))
        .recover(LimitsApi::refused)
        .map(views -> new Answer(200, view(policy, key, views)));
  }

  private static JsonObject view(LimitConfig policy, String key, List<BucketView> views) {
    JsonArray buckets = new JsonArray();
    for (BucketView bucket : views) {
      buckets.add(
          new JsonObject()
              .put("tier", bucket.tier().isEmpty() ? null : bucket.tier())
              .put("remaining", bucket.remaining())
              .put("capacity", bucket.capacity())
              .put("fullIn", Durations.format(Duration.ofNanos(bucket.resetNanos())))
              .put("shutOutFor", Durations.format(Duration.ofNanos(bucket.shutNanos())))
              .put("shared", bucket.shared()));
    }
    return new JsonObject().put("policy", policy.name()).put("key", key).put("buckets", buckets);
  }

  private Future<Answer> reset(Call call) {
    call.target(call.path("policy") + " " + call.path("key"));
    String reason = call.knows("reason").query("reason");
    call.because(reason == null ? "" : reason);
    LimitConfig policy = policy(call);
    String key = call.path("key");
    return On.loop(
            controls.controlLoop(),
            () -> {
              var admin = controls.limitAdmin();
              return admin
                  .reset(policy, key)
                  .compose(
                      told ->
                          admin
                              .peek(policy, key)
                              .map(views -> view(policy, key, views).put("told", told)));
            })
        .recover(LimitsApi::refused)
        .map(view -> new Answer(200, view));
  }

  private static <T> Future<T> refused(Throwable failure) {
    return Future.failedFuture(
        failure instanceof IllegalArgumentException
            ? Refusal.malformed("key: " + failure.getMessage())
            : failure);
  }
}
