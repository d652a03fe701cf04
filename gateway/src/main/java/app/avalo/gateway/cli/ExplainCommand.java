package app.avalo.gateway.cli;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what would happen to a request, and why. */
@Command(
    name = "explain",
    description = {
      "Says what would happen to a request, and why, without sending it: route, caller, limits, "
          + "place, pin, budget, region. The code that decides is the one that serves.",
      "",
      "With a PATH it starts from that configuration with full buckets and budgets, no pins, and "
          + "every region in service. With --admin it asks a running gateway.",
      ""
    },
    customSynopsis = {
      "avalo-gateway explain [OPTIONS] PATH METHOD URL",
      "       avalo-gateway explain [OPTIONS] --admin=URL [--token=TOKEN] METHOD URL"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:explained, whatever would come of the request",
      "1:the configuration has faults",
      "3:the running gateway does not answer, or refuses"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  avalo-gateway explain routing-config/demo GET http://localhost/feed --client 192.0.2.1",
      "  avalo-gateway explain routing-config/demo GET http://localhost/feed --out eu --json",
      "  avalo-gateway explain --admin http://127.0.0.1:9090 --token demo-admin-token-not-secret \\",
      "      GET http://localhost/wallet -H 'X-Api-Key: demo-maria-key-not-secret'"
    })
final class ExplainCommand implements Callable<Integer> {
  private @Spec @Nullable CommandSpec spec;

  // Hidden: the synopsis above says it better than a label can.
  @Parameters(arity = "2..3", hidden = true)
  private List<String> words = List.of();

  @Option(
      names = {"-H", "--header"},
      paramLabel = "HEADER",
      description = "A header of the request, as `Name: value`. May be repeated.")
  private List<String> headers = new ArrayList<>();

  @Option(
      names = "--client",
      paramLabel = "ADDRESS",
      description = "The caller's address. Default: 127.0.0.1.")
  private String client = "127.0.0.1";

  @Option(
      names = "--listener",
      paramLabel = "NAME",
      description = "The listener that it would come to. Default: the first.")
  private @Nullable String listener;

  @Option(
      names = "--out",
      paramLabel = "REGION",
      description = "Take this region for lost. May be repeated; not with --admin.")
  private List<String> out = new ArrayList<>();

  @Option(
      names = "--admin",
      paramLabel = "URL",
      description = "Ask the running gateway whose admin port this is.")
  private @Nullable URI admin;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      defaultValue = "${env:AVALO_ADMIN_TOKEN}",
      description =
          "Credential for --admin. Better in the environment as AVALO_ADMIN_TOKEN, where no list of"
              + " processes shows it.")
  private @Nullable String token;

  @Option(names = "--json", description = "Print JSON, as the admin API answers.")
  private boolean json;

  @Override
  public Integer call() throws ExecutionException {
    Machine.logFrom("OFF");
    CommandSpec own = Objects.requireNonNull(spec);
    if (words.size() != (admin == null ? 3 : 2)) {
      throw wrong("expected PATH METHOD URL, or --admin URL METHOD URL");
    }
    if (admin != null && !out.isEmpty()) {
      throw wrong("--out is for a PATH: a running gateway knows which regions it has lost");
    }
    List<String> asked = words.subList(words.size() - 2, words.size());
    Asked request = new Asked(asked.get(0), asked.get(1), listener, client, headers);
    JsonObject answer;
    if (admin != null) {
      answer = Asking.running(admin, token, request);
    } else {
      Loaded loaded = ConfigLoader.load(Path.of(words.get(0)));
      if (loaded instanceof Loaded.Invalid invalid) {
        invalid.faults().forEach(own.commandLine().getErr()::println);
        return Failure.FAULTS;
      }
      answer = Asking.offline((Loaded.Valid) loaded, request, out);
    }
    PrintWriter to = own.commandLine().getOut();
    to.print(json ? answer.encodePrettily() + System.lineSeparator() : Told.text(answer));
    to.flush();
    return 0;
  }

  private ParameterException wrong(String what) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), what);
  }

  /**
   * A request that is asked about.
   *
   * @param listener null for the first
   * @param headers as {@code Name: value}
   */
  record Asked(
      String method, String url, @Nullable String listener, String client, List<String> headers) {}
}
