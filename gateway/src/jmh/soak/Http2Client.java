import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * HTTP/2 over TLS on connections that all callers share. Not Java's client: that one keeps the
 * receive window of each answer it aborts, until its connection takes no more, whatever the server.
 */
final class Http2Client {
  private static final long SECONDS = 30;

  private final HttpClient client;
  private final int port;

  Http2Client(int port) {
    this.port = port;
    HttpClientOptions options =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setUseAlpn(true)
            .setSsl(true)
            .setTrustAll(true)
            .setVerifyHost(false)
            .setHttp2MultiplexingLimit(100);
    this.client = Vertx.vertx().createHttpClient(options, new PoolOptions().setHttp2MaxSize(2));
  }

  /** The body of the answer; a POST unless there is nothing to send. */
  byte[] exchange(String path, byte[] body) throws Exception {
    Future<Buffer> answer =
        open(body.length == 0 ? HttpMethod.GET : HttpMethod.POST, path)
            .compose(request -> request.send(Buffer.buffer(body)))
            .compose(
                response ->
                    response.statusCode() == 200
                        ? response.body()
                        : Future.failedFuture("status " + response.statusCode()));
    return await(answer).getBytes();
  }

  /** Reads this many bytes of the answer, then resets its stream. */
  void abort(String path, long bytes) throws Exception {
    HttpClientRequest request = await(open(HttpMethod.GET, path));
    AtomicLong left = new AtomicLong(bytes);
    CountDownLatch enough = new CountDownLatch(1);
    await(
        request
            .send()
            .onSuccess(
                response ->
                    response
                        .exceptionHandler(reset -> {})
                        .handler(
                            part -> {
                              if (left.addAndGet(-part.length()) <= 0) {
                                enough.countDown();
                              }
                            })));
    Soak.check(enough.await(SECONDS, TimeUnit.SECONDS), "too few bytes");
    request.reset(8);
  }

  private Future<HttpClientRequest> open(HttpMethod method, String path) {
    return client.request(
        new RequestOptions().setMethod(method).setHost("localhost").setPort(port).setURI(path));
  }

  private static <T> T await(Future<T> future) throws Exception {
    try {
      return future.toCompletionStage().toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      throw new IOException(failed.getCause());
    }
  }
}
