package app.avalo.gateway.cli;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.unit.Durations;
import app.avalo.gateway.reload.ConfigSource;
import app.avalo.gateway.run.Gateway;
import app.avalo.gateway.run.Observed;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Serves with a configuration until told to stop. */
@Command(
    name = "run",
    description = {
      "Serves with a configuration until SIGTERM or Ctrl-C.",
      "",
      "The configuration is read again when its files change, on SIGHUP, and when the admin API "
          + "asks. One with faults changes nothing.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "1:the configuration has faults",
      "3:cannot start: a port is taken, the state directory cannot be used ...",
      "130:stopped by SIGINT (Ctrl-C)",
      "143:stopped by SIGTERM"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  avalo-gateway run routing-config/avalo",
      "  avalo-gateway run /etc/avalo/gateway.yaml --loops 4 --transport io_uring",
      "  kill -HUP PID      reads the configuration again"
    })
final class RunCommand implements Callable<Integer> {
  private @Spec @Nullable CommandSpec spec;

  @Parameters(paramLabel = "PATH", description = "A YAML file, or a directory of them.")
  private Path path = Path.of("");

  @Option(
      names = "--loops",
      paramLabel = "N",
      description = "Event loops that serve clients. Default: the processors this process sees.")
  private int loops = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      description = "auto (epoll where it works), epoll, nio or io_uring. Default: auto.")
  private Machine.TransportChoice transport = Machine.TransportChoice.AUTO;

  @Option(
      names = "--notice",
      paramLabel = "TIME",
      description =
          "After SIGTERM: how long /readyz says no before the ports close, so that balancers "
              + "notice. Part of the shutdown grace. Default: 2s.")
  private String notice = "2s";

  @Override
  public Integer call() throws ExecutionException {
    CommandSpec own = java.util.Objects.requireNonNull(spec);
    if (loops < 1 || loops > 256) {
      throw new ParameterException(
          own.commandLine(), "--loops " + loops + " (expected from 1 to 256)");
    }
    Duration noticed = Durations.parse(notice);
    if (noticed == null) {
      throw new ParameterException(
          own.commandLine(), "--notice " + notice + " (expected a time like 500ms or 2s)");
    }
    PrintWriter out = own.commandLine().getOut();
    ConfigSource source = ConfigSource.of(path);
    Loaded loaded = source.load();
    if (loaded instanceof Loaded.Invalid invalid) {
      invalid.faults().forEach(own.commandLine().getErr()::println);
      return Failure.FAULTS;
    }
    Loaded.Valid valid = (Loaded.Valid) loaded;
    Observed observed = Observed.of(valid.config().accessLog().to());
    Machine.Made machine = Machine.start(loops, transport, observed.page());
    Gateway gateway = Machine.await(Gateway.start(machine.vertx(), source, valid, loops, observed));
    out.printf(
        "avalo-gateway %s, %d loops, %s%n",
        gateway.plan().config().name(), loops, machine.transport());
    listening(out, gateway);
    return Serving.untilStopped(gateway, noticed);
  }

  /** Says where clients and operators connect. */
  static void listening(PrintWriter out, Gateway gateway) {
    for (ListenerConfig listener : gateway.plan().config().listeners()) {
      out.printf(
          "  %-10s %s://%s:%d%n",
          listener.name(),
          listener.tls() == null ? "http" : "https",
          listener.address().host(),
          gateway.port(listener.name()));
    }
    out.printf(
        "  %-10s http://%s:%d%n",
        "admin", gateway.plan().config().admin().address().host(), gateway.adminPort());
    out.flush();
  }
}
