package app.avalo.gateway.upstream;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;

/** Connecting while other sockets of the same loop come and go. */
class ConnectorIT {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private Vertx vertx;
  private Context loop;
  private NetClient client;
  private ServerSocket service;
  private Connector connector;

  @BeforeEach
  void start() throws Exception {
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    loop = vertx.getOrCreateContext();
    client = vertx.createNetClient();
    service = new ServerSocket(0, 16, InetAddress.getByName("127.0.0.1"));
    connector =
        new Connector(
            client,
            new Endpoint(false, "127.0.0.1", service.getLocalPort(), 1),
            new UpstreamTls(null, null, true, null, PATIENCE),
            new UpstreamTrust(vertx),
            PATIENCE);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    await(vertx.close());
  }

  /** The kernel gives the number of the closed socket to the new one at once. */
  @RepeatedTest(5)
  void anEventOfASocketThatWasJustClosedDoesNotEndTheConnectionThatHasItsNumber() throws Exception {
    NetSocket first = await(onLoop(connector::http1));
    try (Socket firstPeer = service.accept()) {
      NetSocket second = await(onLoop(connector::http1));
      Socket secondPeer = service.accept();
      Promise<NetSocketInternal> third = Promise.promise();
      CountDownLatch bothReady = new CountDownLatch(1);
      CountDownLatch held = new CountDownLatch(1);
      loop.runOnContext(
          hold -> {
            first.handler(
                bytes -> {
                  second.close();
                  connector.http1().onComplete(third);
                });
            held.countDown();
            awaitQuietly(bothReady);
          });
      held.await();
      firstPeer.getOutputStream().write(1);
      end(secondPeer);

      bothReady.countDown();

      assertThat(await(third.future()).remoteAddress().port()).isEqualTo(service.getLocalPort());
    }
  }

  private Future<NetSocketInternal> onLoop(Supplier<Future<NetSocketInternal>> step) {
    Promise<NetSocketInternal> done = Promise.promise();
    loop.runOnContext(now -> step.get().onComplete(done));
    return done.future();
  }

  private static void end(Socket socket) throws IOException {
    socket.close();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
