package app.avalo.gateway.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What to try, as lines that can be copied into a shell, each with what to look for in its output.
 * A test runs every one of them as printed.
 */
public final class Tour {
  /**
   * One stop.
   *
   * @param shows what it is about
   * @param lines commands, one curl each
   * @param expected texts in the output of the last line, up to white space
   */
  private record Stop(String shows, List<String> lines, List<String> expected) {}

  private static final String BERLIN = "-H 'X-Forwarded-For: 192.0.2.1' ";
  private static final String CALIFORNIA = "-H 'X-Forwarded-For: 198.51.100.1' ";
  private static final String TOKYO = "-H 'X-Forwarded-For: 203.0.113.1' ";
  private static final String MARIA = "-H 'X-Api-Key: demo-maria-key-not-secret' ";
  private static final String OPERATOR = "-H 'Authorization: Bearer demo-admin-token-not-secret' ";
  private static final String COUNT = " | sort | uniq -c";

  private final String gateway;
  private final String admin;
  private final String control;
  private final String europe;

  /** A tour of a demo on these ports, the last one of the region in Europe. */
  public Tour(int gatewayPort, int adminPort, int controlPort, int europePort) {
    this.gateway = "http://127.0.0.1:" + gatewayPort;
    this.admin = "http://127.0.0.1:" + adminPort;
    this.control = "http://127.0.0.1:" + controlPort;
    this.europe = "http://127.0.0.1:" + europePort;
  }

  private Stream<Stop> stops() {
    return Stream.of(places(), wallet(), refusals(), payments(), failover(), operators())
        .flatMap(List::stream);
  }

  private List<Stop> places() {
    return List.of(
        stop("A caller in Berlin is served from Europe")
            .line("curl -s " + BERLIN + gateway + "/feed")
            .expect("\"region\":\"eu\"", "10 ms"),
        stop("One in California from America")
            .line("curl -s " + CALIFORNIA + gateway + "/feed")
            .expect("\"region\":\"us\"", "10 ms"),
        stop("And one in Tokyo from Asia")
            .line("curl -s " + TOKYO + gateway + "/feed")
            .expect("\"region\":\"asia\"", "10 ms"));
  }

  private List<Stop> wallet() {
    String url = gateway + "/wallet";
    return List.of(
        stop("Maria, in Berlin, pays 5.00 PLN into her wallet, which now lives in Europe")
            .line("curl -s -X POST " + MARIA + BERLIN + "'" + url + "?amount=500'")
            .expect("\"region\":\"eu\"", "5.00 PLN"),
        stop("She flies to Tokyo; her wallet stays, because money has one home")
            .line("curl -s " + MARIA + TOKYO + url)
            .expect("\"region\":\"eu\"", "5.00 PLN"));
  }

  private List<Stop> refusals() {
    String twentyFive = "curl -s -o /dev/null -w '%{http_code}\\n' ";
    String address = "-H 'X-Forwarded-For: 192.0.2.20' ";
    return List.of(
        stop("Twenty requests a minute are allowed here, five of these 25 are too many")
            .line(twentyFive + address + "'" + gateway + "/limited?[1-25]'" + COUNT)
            .expect("20 200", "5 429"),
        stop("The refusal says which limit, and when to come back")
            .line("curl -si " + address + gateway + "/limited")
            .expect("HTTP/1.1 429", "ratelimit-policy: \"per-caller\"", "retry-after:"),
        stop("One zloty buys 20 calls of the AI, then its budget is used up")
            .line(twentyFive + "'" + gateway + "/ai?[1-30]'" + COUNT)
            .expect("20 200", "10 429"));
  }

  private List<Stop> payments() {
    String thirty =
        "curl -s -o /dev/null -w '%{http_code}\\n' -X POST "
            + MARIA
            + TOKYO
            + "'"
            + gateway
            + "/wallet?amount=1&key=[1-30]'"
            + COUNT;
    String late = "curl -si -X POST -H 'X-Avalo-User: maria' -H 'X-Pin-Epoch: 65536' ";
    return List.of(
        stop("Maria pays thirty times, each under a key of its own; Europe dies meanwhile")
            .line("curl -s -X POST '" + control + "/eu/kill?after=400'")
            .line(thirty)
            .expect("200"),
        stop("She does not know what has been booked, and sends all thirty again")
            .line(thirty)
            .expect("30 200"),
        stop("Each is in her wallet once, and the wallet has a new home")
            .line("curl -s " + MARIA + TOKYO + gateway + "/wallet")
            .expect("\"region\":\"us\"", "5.30 PLN"),
        stop("Europe returns, and takes its callers back step by step")
            .line("curl -s -X POST " + control + "/eu/revive")
            .line("curl -s '" + gateway + "/feed?[1-60]'" + COUNT)
            .expect("\"region\":\"eu\",\"away\":\"10 ms\""),
        stop("A payment that left before the wallet moved comes to Europe late: the fence refuses it")
            .line(late + "'" + europe + "/wallet?amount=100'")
            .expect("HTTP/1.1 409", "x-pin-current:", "5.30 PLN"),
        stop("So Europe booked none after the move")
            .line("curl -s " + control + "/wallets/maria")
            .expect("in eu under", "in us under", "refused"));
  }

  private List<Stop> failover() {
    return List.of(
        stop("Why is a caller from California served where he is?")
            .line(
                "curl -s "
                    + OPERATOR
                    + "'"
                    + admin
                    + "/admin/explain?url=/feed&client=198.51.100.1'")
            .expect("\"region\" : \"us\"", "expected 14 ms over 0 km"),
        stop("America dies under the sixth of his forty requests; none of them fails")
            .line("curl -s -X POST '" + control + "/us/kill?answers=5'")
            .line(
                "curl -s -w '%{http_code}\\n' "
                    + CALIFORNIA
                    + "'"
                    + gateway
                    + "/feed?[1-40]'"
                    + COUNT)
            .expect("40 200", "\"region\":\"us\",\"away\":\"10 ms\""));
  }

  private List<Stop> operators() {
    return List.of(
        stop("What the monitoring sees: requests by route, region and status")
            .line("curl -s " + admin + "/metrics | grep ^gateway_requests_total")
            .expect("gateway_requests_total{region=\"eu\",route=\"feed\""),
        stop("And the operators' page, for a browser")
            .line("curl -s " + admin + "/ | head -3")
            .expect("html"));
  }

  /** The tour as it is printed. */
  public String text() {
    StringBuilder text = new StringBuilder();
    List<Stop> stops = stops().toList();
    for (int i = 0; i < stops.size(); i++) {
      Stop stop = stops.get(i);
      text.append("%n%2d. %s%n".formatted(i + 1, stop.shows()));
      stop.lines().forEach(line -> text.append("    ").append(line).append('\n'));
      stop.expected().forEach(want -> text.append("    -> ").append(want).append('\n'));
    }
    return text.toString();
  }

  private static Draft stop(String shows) {
    return new Draft(shows, new ArrayList<>());
  }

  /** A stop being written. */
  private record Draft(String shows, List<String> lines) {
    Draft line(String line) {
      lines.add(line);
      return this;
    }

    Stop expect(String... texts) {
      return new Stop(shows, List.copyOf(lines), List.of(texts));
    }
  }
}
