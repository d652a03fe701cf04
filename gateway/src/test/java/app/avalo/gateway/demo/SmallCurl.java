package app.avalo.gateway.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The part of a shell with curl that the tour uses, for machines that have only Java: the options
 * s, i, o, w, X and H, {@code [1-9]} in a URL, and {@code | sort | uniq -c}, {@code grep}, {@code
 * head}. Whatever else a line holds is an error, so that the tour cannot outgrow this unnoticed.
 */
final class SmallCurl implements Shell {
  private static final Pattern WORD = Pattern.compile("'([^']*)'|([^\\s']+)");
  private static final Pattern RANGE = Pattern.compile("(.*)\\[(\\d+)-(\\d+)](.*)");

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Override
  public String run(String line) {
    String[] stages = line.split(" \\| ");
    String output = curl(words(stages[0]));
    for (int i = 1; i < stages.length; i++) {
      output = filter(words(stages[i]), output);
    }
    return output;
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }
    return words;
  }

  private String curl(List<String> words) {
    Iterator<String> rest = words.iterator();
    if (!rest.next().equals("curl")) {
      throw new AssertionError(words + " (expected curl first)");
    }
    boolean head = false;
    boolean body = true;
    String method = "GET";
    String format = "";
    String url = "";
    List<String> headers = new ArrayList<>();
    while (rest.hasNext()) {
      String word = rest.next();
      switch (word) {
        case "-s" -> {}
        case "-si" -> head = true;
        case "-o" -> body = !rest.next().equals("/dev/null");
        case "-w" -> format = rest.next().replace("\\n", "\n");
        case "-X" -> method = rest.next();
        case "-H" -> headers.addAll(List.of(rest.next().split(": ", 2)));
        default -> {
          if (word.startsWith("-") || !url.isEmpty()) {
            throw new AssertionError(word + " (expected an option that is known here)");
          }
          url = word;
        }
      }
    }
    StringBuilder output = new StringBuilder();
    for (String each : urls(url)) {
      HttpResponse<String> response = send(method, each, headers);
      if (head) {
        output.append(head(response));
      }
      if (body) {
        output.append(response.body());
      }
      output.append(format.replace("%{http_code}", Integer.toString(response.statusCode())));
    }
    return output.toString();
  }

  private static List<String> urls(String url) {
    Matcher range = RANGE.matcher(url);
    if (!range.matches()) {
      return List.of(url);
    }
    List<String> all = new ArrayList<>();
    for (int i = Integer.parseInt(range.group(2)); i <= Integer.parseInt(range.group(3)); i++) {
      all.add(range.group(1) + i + range.group(4));
    }
    return all;
  }

  private HttpResponse<String> send(String method, String url, List<String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .version(HttpClient.Version.HTTP_1_1)
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (!headers.isEmpty()) {
      request.headers(headers.toArray(String[]::new));
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  private static String head(HttpResponse<String> response) {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + response.statusCode() + "\n");
    response.headers().map().forEach((name, values) -> head.append(line(name, values)));
    return head.append('\n').toString();
  }

  private static String line(String name, List<String> values) {
    return name + ": " + String.join(", ", values) + "\n";
  }

  private static String filter(List<String> command, String input) {
    return switch (command.get(0)) {
      case "sort" -> input.lines().sorted().collect(Collectors.joining("\n", "", "\n"));
      case "uniq" -> counts(input);
      case "grep" -> {
        Pattern pattern = Pattern.compile(command.get(1));
        yield input
            .lines()
            .filter(line -> pattern.matcher(line).find())
            .collect(Collectors.joining("\n"));
      }
      case "head" ->
          input.lines().limit(-Integer.parseInt(command.get(1))).collect(Collectors.joining("\n"));
      default -> throw new AssertionError(command + " (expected sort, uniq, grep or head)");
    };
  }

  private static String counts(String sorted) {
    Map<String, Long> counts =
        sorted
            .lines()
            .collect(Collectors.groupingBy(line -> line, TreeMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .map(each -> each.getValue() + " " + each.getKey())
        .collect(Collectors.joining("\n"));
  }

  @Override
  public String toString() {
    return "Java";
  }
}
