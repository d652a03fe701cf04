package app.avalo.gateway.cli;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says everything that is wrong with configurations. */
@Command(
    name = "check",
    description = {
      "Reads configurations and prints every fault as file:line:column: path: problem.",
      "Nothing is started. Each PATH is a configuration of its own.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:every configuration is good", "1:at least one has faults"},
    footerHeading = "%nExample:%n",
    footer = "  avalo-gateway check routing-config/avalo routing-config/demo")
final class CheckCommand implements Callable<Integer> {
  private @Spec @Nullable CommandSpec spec;

  @Parameters(
      paramLabel = "PATH",
      arity = "1..*",
      description = "A YAML file, or a directory of them.")
  private List<Path> paths = List.of();

  @Override
  public Integer call() {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    int code = 0;
    for (Path path : paths) {
      Loaded loaded = ConfigLoader.load(path);
      if (loaded instanceof Loaded.Invalid invalid) {
        invalid.faults().forEach(out::println);
        code = Failure.FAULTS;
      } else {
        out.println(path + ": " + summary(((Loaded.Valid) loaded).config()));
      }
    }
    return code;
  }

  private static String summary(GatewayConfig config) {
    return "ok, "
        + count(config.regions().size(), "region")
        + ", "
        + count(config.services().size(), "service")
        + ", "
        + count(config.routes().size(), "route");
  }

  private static String count(int number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }
}
