package app.avalo.gateway.cli;

/** Where the process begins. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    Machine.prepare();
    int code = AvaloGateway.commandLine().execute(arguments);
    System.exit(code);
  }
}
