package app.avalo.gateway.filter.redis;

import app.avalo.gateway.config.StateConfig;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.RedisRole;

/** Turns a deployment of the configuration into a client that is used for one connection only. */
final class Dial {
  /** Commands that may wait for Redis on one connection; more fail at once. */
  static final int QUEUE = 512;

  private static final int CONNECT_MILLIS = 500;
  private static final int PEER_SILENT_MILLIS = 1000;

  private Dial() {}

  static Redis client(Vertx vertx, StateConfig.Redis config) {
    return Redis.createClient(vertx, options(config));
  }

  private static RedisOptions options(StateConfig.Redis config) {
    RedisOptions options =
        new RedisOptions()
            .setEndpoints(config.endpoints())
            .setType(type(config.mode()))
            .setRole(RedisRole.MASTER)
            // RESP2 is all that scripts need; without the hello Redis is greeted by a ping.
            .setProtocolNegotiation(false)
            .setPoolRecycleTimeout(-1)
            .setPoolCleanerInterval(-1)
            // Else each client has a name of its own, for which metrics keep something for ever.
            .setPoolName("redis")
            // Pings go beside the calls, so a full queue cannot hide that Redis is well again.
            .setMaxWaitingHandlers(QUEUE + 16)
            .setTracingPolicy(TracingPolicy.IGNORE)
            .setNetClientOptions(socket());
    if (config.masterName() != null) {
      options.setMasterName(config.masterName());
    }
    if (config.password() != null) {
      options.setPassword(config.password().reveal());
    }
    return options;
  }

  private static NetClientOptions socket() {
    return new NetClientOptions()
        .setConnectTimeout(CONNECT_MILLIS)
        .setTcpNoDelay(true)
        .setTcpUserTimeout(PEER_SILENT_MILLIS)
        .setHostnameVerificationAlgorithm("HTTPS");
  }

  private static RedisClientType type(StateConfig.Mode mode) {
    return switch (mode) {
      // Of a cluster each node by itself.
      case SINGLE, CLUSTER -> RedisClientType.STANDALONE;
      case SENTINEL -> RedisClientType.SENTINEL;
    };
  }
}
