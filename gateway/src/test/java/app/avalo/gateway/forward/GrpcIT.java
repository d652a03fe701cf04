package app.avalo.gateway.forward;

import static app.avalo.gateway.testing.GrpcMethods.BOTH;
import static app.avalo.gateway.testing.GrpcMethods.DOWN;
import static app.avalo.gateway.testing.GrpcMethods.UNARY;
import static app.avalo.gateway.testing.GrpcMethods.UP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.FrameClient;
import app.avalo.gateway.testing.GrpcMethods;
import app.avalo.gateway.testing.RunningGateway;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A real gRPC client and a real gRPC service with the gateway between them. */
class GrpcIT {
  private static GrpcMethods methods;
  private static Server server;
  private static RunningGateway gateway;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() throws Exception {
    methods = new GrpcMethods();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(methods.service())
            .build()
            .start();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: plain
                address: "127.0.0.1:0"
                http2: true
                bounds:
                  {bodyTimeout: 300ms, minBodyRate: 64KiB, readTimeout: 300ms, minReadRate: 1MiB}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            limits:
              few: {key: [route], rate: 1/h, burst: 1}
              tokens: {key: [route], rate: 1500/h, cost: {header: X-Tokens}}
            budgets:
              calls:
                amount: 100 PLN
                services: [paid]
                cost: {header: X-Cost, perThousand: {X-Tokens: 2 PLN}, reserve: 1 PLN}
            services:
              paid:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%1$d"}
                health: {statuses: 200-499, timeout: 9s}
              text:
                protocol: http2
                regions: {eu: "http://127.0.0.1:%1$d"}
                health: {statuses: 200-499, timeout: 9s}
                timeouts: {connect: 2s, attempt: 2s, total: 2s, idle: 4s}
              nobody: {protocol: http2, regions: {eu: "http://127.0.0.1:1"}}
            routes:
              - {name: paid, match: {host: paid.example, path: {prefix: /}}, service: paid, limits: [tokens]}
              - {name: limited, match: {path: /test.Limited/unary}, service: text, limits: [few]}
              - {name: nobody, match: {path: {prefix: /test.Nobody}}, service: nobody}
              - {name: small, match: {path: {prefix: /test.Small}}, service: text, bodyLimit: 10B}
              - {name: text, match: {path: {prefix: /test.Text}}, service: text}
            """
                .formatted(server.getPort()));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", gateway.port()).usePlaintext().build();
  }

  @AfterEach
  void settle() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    gateway.close();
    server.shutdownNow();
  }

  private static String unary(String request) {
    return ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, request);
  }

  private static Status failure(MethodDescriptor<String, String> method, String request) {
    try {
      ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
      return Status.OK;
    } catch (StatusRuntimeException failed) {
      return failed.getStatus();
    }
  }

  @Test
  void what_a_call_cost_is_read_from_its_trailers() {
    ManagedChannel paid =
        NettyChannelBuilder.forAddress("127.0.0.1", gateway.port())
            .overrideAuthority("paid.example")
            .usePlaintext()
            .build();
    try {
      assertThat(ClientCalls.blockingUnaryCall(paid, UNARY, CallOptions.DEFAULT, "hello"))
          .isEqualTo("hello");
      Awaiting.until(() -> gateway.gateway().inFlight() == 0);
      assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(paid, UNARY, CallOptions.DEFAULT, "x"))
          .as("its 1,500 tokens are a whole bucket")
          .hasMessageContaining("RESOURCE_EXHAUSTED");
    } finally {
      paid.shutdownNow();
    }
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    assertThat(gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(0).spent())
        .as("0.25 and 1.5 times 2")
        .isEqualTo(3_250_000);
  }

  private static MethodDescriptor<String, String> at(String path) {
    return UNARY.toBuilder().setFullMethodName(path).build();
  }

  /** Collects what a stream brings; its end is {@code OK} or the code of its failure. */
  private static final class Taken implements StreamObserver<String> {
    final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

    @Override
    public void onNext(String message) {
      messages.add(message);
    }

    @Override
    public void onError(Throwable failure) {
      messages.add(Status.fromThrowable(failure).getCode().name());
    }

    @Override
    public void onCompleted() {
      messages.add("OK");
    }

    String next() throws InterruptedException {
      return String.valueOf(messages.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void unary_calls_are_answered() {
    assertThat(unary("hello")).isEqualTo("hello");
    assertThat(unary("x".repeat(1_000_000))).hasSize(1_000_000);
  }

  @Test
  void a_service_streams() {
    Iterator<String> answers =
        ClientCalls.blockingServerStreamingCall(channel, DOWN, CallOptions.DEFAULT, "1000");
    List<String> all = new ArrayList<>();
    answers.forEachRemaining(all::add);

    assertThat(all).hasSize(1000).startsWith("1000", "999").endsWith("1");
  }

  @Test
  void a_client_streams() throws Exception {
    Taken taken = new Taken();
    StreamObserver<String> requests =
        ClientCalls.asyncClientStreamingCall(channel.newCall(UP, CallOptions.DEFAULT), taken);
    for (int i = 0; i < 1000; i++) {
      requests.onNext("x");
    }
    requests.onCompleted();

    assertThat(taken.next()).isEqualTo("1000");
    assertThat(taken.next()).isEqualTo("OK");
  }

  @Test
  void both_sides_stream_each_answer_before_the_next_request() throws Exception {
    Taken taken = new Taken();
    StreamObserver<String> requests =
        ClientCalls.asyncBidiStreamingCall(channel.newCall(BOTH, CallOptions.DEFAULT), taken);
    for (int i = 0; i < 5; i++) {
      requests.onNext("" + i);
      assertThat(taken.next()).isEqualTo("re: " + i);
    }
    requests.onCompleted();

    assertThat(taken.next()).isEqualTo("OK");
  }

  @Test
  void a_stream_may_last_longer_than_the_total_of_its_route() throws Exception {
    Taken taken = new Taken();
    StreamObserver<String> requests =
        ClientCalls.asyncBidiStreamingCall(channel.newCall(BOTH, CallOptions.DEFAULT), taken);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(3500);
    int sent = 0;
    while (System.nanoTime() < end) {
      requests.onNext("" + sent);
      assertThat(taken.next()).isEqualTo("re: " + sent++);
    }
    requests.onCompleted();

    assertThat(taken.next()).isEqualTo("OK");
  }

  @Test
  void who_streams_may_pause_for_longer_than_other_bodies() throws Exception {
    Taken taken = new Taken();
    StreamObserver<String> requests =
        ClientCalls.asyncBidiStreamingCall(channel.newCall(BOTH, CallOptions.DEFAULT), taken);
    for (int i = 0; i < 2; i++) {
      requests.onNext("" + i);
      assertThat(taken.next()).isEqualTo("re: " + i);
      assertThat(taken.messages.poll(800, TimeUnit.MILLISECONDS)).isNull();
    }
    requests.onCompleted();

    assertThat(taken.next()).isEqualTo("OK");
  }

  @Test
  void who_is_streamed_to_may_leave_it_for_longer_than_other_answers() throws Exception {
    BlockingQueue<String> taken = new LinkedBlockingQueue<>();
    ManagedChannel narrow =
        NettyChannelBuilder.forAddress("127.0.0.1", gateway.port())
            .usePlaintext()
            .flowControlWindow(64 * 1024)
            .build();
    ClientCall<String, String> call = narrow.newCall(DOWN, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(String message) {
            taken.add(message);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            taken.add(status.getCode().name());
          }
        },
        new Metadata());
    call.sendMessage("100000");
    call.halfClose();
    call.request(1);
    assertThat(taken.poll(10, TimeUnit.SECONDS)).isEqualTo("100000");
    assertThat(taken.poll(1, TimeUnit.SECONDS)).isNull();
    call.request(100_000);

    Awaiting.until(() -> taken.contains("OK"));
    assertThat(taken).hasSize(100_000);
    narrow.shutdownNow();
  }

  @Test
  void a_failure_of_the_service_arrives_with_its_message() {
    Status status = failure(UNARY, "fail");

    assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(status.getDescription()).isEqualTo("not älways 100%");
  }

  @Test
  void a_client_that_cancels_cancels_the_service() {
    int before = methods.cancelled();
    int calls = methods.calls();
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(
        () -> {
          ClientCall<String, String> call = channel.newCall(UNARY, CallOptions.DEFAULT);
          ClientCalls.asyncUnaryCall(call, "silence", new Taken());
        });
    Awaiting.until(() -> methods.calls() > calls);
    context.cancel(null);

    Awaiting.until(() -> methods.cancelled() > before);
  }

  @Test
  void a_deadline_of_the_caller_is_held_by_the_gateway() {
    int before = methods.cancelled();
    try (FrameClient client = new FrameClient(gateway.port())) {
      call(client, "/test.Text/unary", "grpc-timeout", "300m").data(1, true, "\0\0\0\0\7silence");

      assertThat(client.readUntil(1, ".* end"))
          .singleElement()
          .asString()
          .contains(":status: 200", "content-type: application/grpc", "grpc-status: 4");
    }
    Awaiting.until(() -> methods.cancelled() > before);
  }

  @Test
  void a_deadline_of_the_caller_does_not_lengthen_the_total_of_the_route() {
    try (FrameClient client = new FrameClient(gateway.port())) {
      call(client, "/test.Text/unary", "grpc-timeout", "1H").data(1, true, "\0\0\0\0\7silence");

      assertThat(client.readUntil(1, ".* end")).last().asString().contains("grpc-status: 4");
    }
  }

  private static FrameClient call(FrameClient client, String path, String... more) {
    List<String> fields =
        new ArrayList<>(
            List.of(":method", "POST", ":scheme", "http", ":authority", "a", ":path", path));
    fields.addAll(List.of("content-type", "application/grpc", "te", "trailers"));
    fields.addAll(List.of(more));
    return client.fields(1, false, fields.toArray(String[]::new));
  }

  @Test
  void errors_of_the_gateway_are_grpc_errors() {
    assertThat(failure(at("other.Service/unary"), "x").getCode())
        .isEqualTo(Status.Code.UNIMPLEMENTED);
    assertThat(failure(at("test.Nobody/unary"), "x").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(failure(at("test.Small/unary"), "x".repeat(100)).getCode())
        .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(failure(at("test.Limited/unary"), "x").getCode())
        .isEqualTo(Status.Code.UNIMPLEMENTED);
    Status limited = failure(at("test.Limited/unary"), "x");
    assertThat(limited.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(limited.getDescription()).isNotEmpty();
  }

  @Test
  void a_service_that_dies_in_the_middle_does_not_look_as_if_it_had_ended() throws Exception {
    GrpcMethods dying = new GrpcMethods();
    Server own =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(dying.service())
            .build()
            .start();
    dying.dieBy(own::shutdownNow);
    Taken taken = new Taken();
    try (RunningGateway before =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions: {eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}}
            defaults: {health: {statuses: 200-499, timeout: 9s}}
            services: {text: {protocol: http2, regions: {eu: "http://127.0.0.1:%d"}}}
            routes: [{name: text, match: {path: {prefix: /}}, service: text}]
            """
                .formatted(own.getPort()))) {
      ManagedChannel to =
          NettyChannelBuilder.forAddress("127.0.0.1", before.port()).usePlaintext().build();
      ClientCalls.asyncServerStreamingCall(to.newCall(DOWN, CallOptions.DEFAULT), "die", taken);

      String last = taken.next();
      while (last.matches("[123]")) {
        last = taken.next();
      }
      assertThat(last).isIn("INTERNAL", "UNAVAILABLE", "CANCELLED", "UNKNOWN");
      to.shutdownNow();
    }
  }
}
