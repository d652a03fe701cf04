package app.avalo.gateway.config.yaml;

/**
 * One mistake in the configuration. Never holds a secret.
 *
 * @param file as it was given to the loader
 * @param line from 1
 * @param column from 1
 * @param path of the value, {@code routes[2].limits[0]}; empty for the file as a whole
 * @param problem the value and what was expected instead
 */
public record Fault(String file, int line, int column, String path, String problem) {

  /** {@code file:line:column: path: value (expected ...)}. */
  @Override
  public String toString() {
    return file + ":" + line + ":" + column + ": " + (path.isEmpty() ? "" : path + ": ") + problem;
  }
}
