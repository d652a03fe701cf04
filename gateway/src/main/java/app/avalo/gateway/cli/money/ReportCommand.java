package app.avalo.gateway.cli.money;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints what a month came to. */
@Command(
    name = "report",
    description = "Prints what a month cost, as a running gateway knows it.",
    footerHeading = "%nExample:%n",
    footer =
        "  avalo-gateway report --admin http://127.0.0.1:9090 --month 2026-11 --format html > november.html")
public final class ReportCommand implements Callable<Integer> {
  private @Spec CommandSpec spec;
  private @Mixin AdminPort admin = new AdminPort();

  @Option(names = "--month", paramLabel = "MONTH", description = "Default: the running one.")
  private @Nullable String month;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "json, csv or html. Default: csv.")
  private String format = "csv";

  @Override
  public Integer call() {
    String query = "?format=" + format + (month == null ? "" : "&month=" + month);
    PrintWriter out = spec.commandLine().getOut();
    out.print(admin.call("/admin/budgets/report" + query, null).body());
    out.flush();
    return 0;
  }
}
