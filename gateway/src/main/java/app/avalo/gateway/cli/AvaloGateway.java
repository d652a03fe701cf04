package app.avalo.gateway.cli;

import app.avalo.gateway.cli.money.CostsCommand;
import app.avalo.gateway.cli.money.ReportCommand;
import app.avalo.gateway.config.load.Schema;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command that holds all others. */
@Command(
    name = "avalo-gateway",
    description = "The edge of the Avalo platform: limits, budgets, places and forwards requests.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunCommand.class,
      DemoCommand.class,
      CheckCommand.class,
      ExplainCommand.class,
      ReportCommand.class,
      CostsCommand.class,
    },
    versionProvider = AvaloGateway.Version.class,
    footerHeading = "%nExamples:%n",
    footer = {
      "  avalo-gateway demo                          see everything on this machine",
      "  avalo-gateway check routing-config/avalo    is this configuration good?",
      "  avalo-gateway run routing-config/avalo      serve with it",
      "  avalo-gateway explain routing-config/demo GET http://localhost/feed",
      "                                              where would it go, and why?",
      "",
      "`avalo-gateway COMMAND --help` says more about a command.",
      "avalo-gateway stands for `java -jar gateway/target/avalo-gateway.jar`."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all went well",
      "1:the configuration has faults; each is printed as file:line:column: path: problem",
      "2:the command line was not understood",
      "3:it cannot start or go on: port in use, state directory, transport, no answer",
      "130:stopped by SIGINT (Ctrl-C), after finishing what was in flight",
      "143:stopped by SIGTERM, after finishing what was in flight"
    })
final class AvaloGateway implements Runnable {
  /** Wide enough for the examples, narrow enough for half a screen. */
  private static final int WIDTH = 100;

  private @Spec @Nullable CommandSpec spec; // picocli, before it runs

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Say what this is for, with examples and exit codes.")
  private boolean help; // picocli

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version.")
  private boolean version; // picocli

  /** The command line with its rules: no stack traces, usage errors in two lines. */
  static CommandLine commandLine() {
    return new CommandLine(new AvaloGateway())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(WIDTH)
        .setParameterExceptionHandler(AvaloGateway::misused)
        .setExecutionExceptionHandler(AvaloGateway::failed);
  }

  private static int misused(CommandLine.ParameterException misuse, String[] arguments) {
    CommandLine command = misuse.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(misuse.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(misuse, err);
    err.println("See `" + command.getCommandSpec().qualifiedName() + " --help`.");
    return Failure.USAGE;
  }

  private static int failed(
      Exception problem, CommandLine command, CommandLine.ParseResult arguments) {
    Failure failure = Failure.of(problem);
    command.getErr().println(failure.getMessage());
    return failure.code();
  }

  /** Without a command: what there is. */
  @Override
  public void run() {
    CommandLine command = line();
    command.usage(command.getOut());
  }

  @Command(
      name = "schema",
      description = "Prints the JSON Schema of the routing YAML, for editors.",
      footerHeading = "%nExample:%n",
      footer = "  avalo-gateway schema > gateway.schema.json")
  void schema() {
    line().getOut().print(Schema.text());
    line().getOut().flush();
  }

  @Command(name = "version", description = "Prints the version, and what it runs on.")
  void version() {
    for (String text : new Version().getVersion()) {
      line().getOut().println(text);
    }
  }

  private CommandLine line() {
    CommandSpec known = spec;
    if (known == null) {
      throw new IllegalStateException("not run by picocli");
    }
    return known.commandLine();
  }

  /** The version of the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = AvaloGateway.class.getPackage().getImplementationVersion();
      return new String[] {
        "avalo-gateway " + (version == null ? "unpackaged" : version),
        "Java " + Runtime.version() + ", " + System.getProperty("os.name")
      };
    }
  }
}
