import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Callers of every gateway, each a thread, that go on until they are refused so often in a row. */
final class Callers {
  private final List<Thread> threads = new ArrayList<>();

  Callers(World world, int budget, int each, int refusals) {
    for (int gateway = 0; gateway < world.gateways(); gateway++) {
      HttpClient client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(Duration.ofSeconds(1))
              .build();
      URI uri = URI.create("http://127.0.0.1:" + world.port(gateway) + "/b" + budget);
      for (int i = 0; i < each; i++) {
        Thread thread = new Thread(() -> call(client, uri, refusals));
        threads.add(thread);
        thread.start();
      }
    }
  }

  private void call(HttpClient client, URI uri, int refusals) {
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(3)).build();
    int refused = 0;
    while (refused < refusals) {
      try {
        int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        refused = status == 200 ? 0 : refused + 1;
      } catch (IOException dead) {
        refused++;
      } catch (InterruptedException ended) {
        return;
      }
      if (refused > 0) {
        LockSupport.parkNanos(5_000_000);
      }
    }
  }

  void join() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
