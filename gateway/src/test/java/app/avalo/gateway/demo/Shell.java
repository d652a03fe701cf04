package app.avalo.gateway.demo;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Runs a line as a person would: with bash. */
interface Shell {
  /** Everything that the line prints. */
  String run(String line);

  /** The shell of this machine. */
  static Shell bash() {
    return new Shell() {
      @Override
      public String run(String line) {
        return capture(line);
      }

      @Override
      public String toString() {
        return "bash";
      }
    };
  }

  /** Whether lines can be run with {@link #bash}. */
  static boolean hasCurl() {
    try {
      return new ProcessBuilder("bash", "-c", "command -v curl")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException none) {
      return false;
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private static String capture(String line) {
    try {
      Process process =
          new ProcessBuilder("bash", "-c", line)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.PIPE)
              .start();
      process.outputWriter().close();
      String output = new String(process.getInputStream().readAllBytes());
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new AssertionError("no end: " + line);
      }
      return output;
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }
}
