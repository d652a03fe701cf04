package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.filter.geo.GeoStatus;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.upstream.UpstreamPool;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is open: clients, exchanges, WebSockets, upstream pools, the roads to Redis. */
public final class ConnectionsApi {
  private final Controls controls;

  public ConnectionsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/connections", this::all);
    api.read(HttpMethod.GET, "/admin/stores", this::stores);
  }

  private Future<Answer> all(Call call) {
    call.knows();
    List<Future<List<UpstreamPool.Figures>>> asked = new ArrayList<>();
    controls.loops().forEach(loop -> asked.add(loop.pools()));
    return Future.all(asked).map(done -> new Answer(200, view(asked)));
  }

  private JsonObject view(List<Future<List<UpstreamPool.Figures>>> asked) {
    JsonArray loops = new JsonArray();
    controls.loops().forEach(loop -> loops.add(new JsonObject().put("inFlight", loop.inFlight())));
    Map<String, int[]> byUrl = new TreeMap<>();
    for (Future<List<UpstreamPool.Figures>> loop : asked) {
      for (UpstreamPool.Figures pool : loop.result()) {
        int[] sums = byUrl.computeIfAbsent(pool.url(), url -> new int[2]);
        sums[0] += pool.open();
        sums[1] += pool.busy();
      }
    }
    JsonArray pools = new JsonArray();
    byUrl.forEach(
        (url, sums) ->
            pools.add(
                new JsonObject().put("endpoint", url).put("open", sums[0]).put("busy", sums[1])));
    JsonObject webSockets = new JsonObject();
    controls.webSockets().forEach(webSockets::put);
    JsonObject streams = new JsonObject();
    controls.streams().forEach(streams::put);
    return new JsonObject()
        .put("open", controls.openConnections())
        .put("inFlight", controls.inFlight())
        .put("webSockets", webSockets)
        .put("streams", streams)
        .put("loops", loops)
        .put("pools", pools);
  }

  private Future<Answer> stores(Call call) {
    call.knows();
    JsonArray redis = new JsonArray();
    controls.loops().forEach(loop -> redis.add(view(loop.redis())));
    return Answer.ok(
        new JsonObject()
            .put("redis", controls.plan().config().state().redis() == null ? null : redis)
            .put(
                "geo",
                view(controls.geo())
                    .put("lookups", controls.geo().lookups())
                    .put("failedLookups", controls.geo().failedLookups()))
            .put("networks", view(controls.networks())));
  }

  private static JsonObject view(GeoStatus database) {
    return new JsonObject()
        .put("configured", database.configured())
        .put("loaded", database.loaded())
        .put("lastLoadGood", database.lastLoadGood())
        .put("fault", database.fault())
        .put("database", database.databaseType())
        .put("built", Words.time(database.buildEpochSeconds() * 1000));
  }

  private static @Nullable JsonObject view(RedisLink.@Nullable Stats stats) {
    return stats == null
        ? null
        : new JsonObject()
            .put("up", stats.up())
            .put("pending", stats.pending())
            .put("timeouts", stats.timeouts())
            .put("errors", stats.errors())
            .put("reconnects", stats.reconnects());
  }
}
