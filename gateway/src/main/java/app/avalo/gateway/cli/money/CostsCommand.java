package app.avalo.gateway.cli.money;

import app.avalo.gateway.cli.Failure;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Imports costs that the gateway cannot see: invoices, measured spend. */
@Command(
    name = "costs",
    description = {
      "Imports costs that the gateway cannot see into a period of a budget: invoices, measured "
          + "spend. FILE has a line for each: id,service,amount,reason. An id counts once, so a "
          + "file may be imported again after a fault.",
      "It is looked for in the period it is booked to (PERIOD), the running one and those before "
          + "each. A file sent again two months later without --period is charged again; with "
          + "the PERIOD it was booked to it is not.",
      ""
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  echo 'inv-7/1,ai,1250.40 PLN,invoice 7 line 1' > costs.csv",
      "  avalo-gateway costs --admin http://127.0.0.1:9090 --period 2026-11 ai costs.csv"
    })
public final class CostsCommand implements Callable<Integer> {
  private static final int FIELDS = 4;

  private @Spec CommandSpec spec;
  private @Mixin AdminPort admin = new AdminPort();

  @Option(
      names = "--period",
      paramLabel = "PERIOD",
      description = "2026-11, or the day of a budget by the day. Default: the running one.")
  private @Nullable String period;

  @Parameters(index = "0", paramLabel = "BUDGET", description = "Name of the budget.")
  private String budget = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "Lines of id,service,amount,reason.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws IOException {
    List<String> lines = Files.readString(file).replaceFirst("^\\uFEFF", "").lines().toList();
    int added = 0;
    int known = 0;
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        JsonObject answer = new JsonObject(send(lines.get(i), i + 1));
        added += answer.getBoolean("applied") ? 1 : 0;
        known += answer.getBoolean("applied") ? 0 : 1;
      }
    }
    spec.commandLine().getOut().println("imported: " + added + ", known before: " + known);
    spec.commandLine().getOut().flush();
    return 0;
  }

  private String send(String line, int number) {
    String[] fields = line.split(",", FIELDS);
    if (fields.length < FIELDS) {
      throw new ParameterException(
          spec.commandLine(), file + ":" + number + ": expected id,service,amount,reason");
    }
    JsonObject cost =
        new JsonObject()
            .put("id", fields[0].strip())
            .put("service", fields[1].strip())
            .put("by", fields[2].strip())
            .put("reason", fields[3].strip());
    if (period != null) {
      cost.put("period", period);
    }
    try {
      return admin.call("/admin/budgets/" + budget + "/costs", cost).body();
    } catch (Failure refused) {
      throw new Failure(Failure.CANNOT_START, file + ":" + number + ": " + refused.getMessage());
    }
  }
}
