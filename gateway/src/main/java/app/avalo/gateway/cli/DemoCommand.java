package app.avalo.gateway.cli;

import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.demo.Demo;
import app.avalo.gateway.demo.Tour;
import app.avalo.gateway.run.Gateway;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The gateway before three regions on this machine, with a tour. */
@Command(
    name = "demo",
    description = {
      "Starts three regions and a gateway on this machine and prints a tour of curl lines.",
      "Needs nothing installed but curl, and leaves nothing behind. Ctrl-C ends it.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"3:a port is taken", "130:stopped by Ctrl-C"},
    footerHeading = "%nExample:%n",
    footer = "  avalo-gateway demo")
final class DemoCommand implements Callable<Integer> {
  private @Spec @Nullable CommandSpec spec;

  @Option(
      names = "--free-ports",
      description =
          "Let the system choose all ports. Default: 8080 (clients), 9090 (operators), 18080 to "
              + "18083 (the demo's regions).")
  private boolean freePorts;

  @Override
  public Integer call() throws ExecutionException {
    Machine.logFrom("warn");
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    int loops = Runtime.getRuntime().availableProcessors();
    Machine.Made machine = Machine.start(loops, Machine.TransportChoice.AUTO, null);
    Demo demo = Machine.await(Demo.start(machine.vertx(), freePorts));
    Loaded loaded = demo.load(System::getenv);
    if (loaded instanceof Loaded.Invalid invalid) {
      invalid.faults().forEach(spec.commandLine().getErr()::println);
      return Failure.FAULTS;
    }
    Gateway gateway =
        Machine.await(
            Gateway.start(
                machine.vertx(), () -> demo.load(System::getenv), (Loaded.Valid) loaded, loops));
    out.println("The demo is running.");
    RunCommand.listening(out, gateway);
    demo.ports().forEach((name, port) -> out.printf("  %-10s http://127.0.0.1:%d%n", name, port));
    out.printf("  %-10s http://127.0.0.1:%d%n", "control", demo.controlPort());
    int port = gateway.port("public");
    out.print(
        new Tour(port, gateway.adminPort(), demo.controlPort(), demo.ports().get("eu")).text());
    out.println();
    out.println("Ctrl-C ends the demo and leaves nothing behind.");
    out.flush();
    return Serving.untilStopped(gateway, Duration.ofMillis(1));
  }
}
