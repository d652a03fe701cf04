package app.avalo.gateway.cli;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;

/** An end of the process that is the caller's or the machine's doing: one line and an exit code. */
public final class Failure extends RuntimeException {
  static final int FAULTS = 1;
  static final int USAGE = 2;
  public static final int CANNOT_START = 3;

  private static final long serialVersionUID = 1;

  private final int code;

  public Failure(int code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  int code() {
    return code;
  }

  /** The line for whatever went wrong; a defect keeps its type, so that it can be reported. */
  static Failure of(Throwable problem) {
    Throwable cause = problem;
    while (cause instanceof ExecutionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof Failure failure) {
      return failure;
    }
    String message = cause.getMessage();
    if (message == null || cause instanceof RuntimeException) {
      message = cause.toString();
    }
    if (cause instanceof FileSystemException file && file.getReason() == null) {
      // Its message is the path alone.
      message = file.getFile() + ": " + words(file);
    }
    return new Failure(CANNOT_START, "cannot start: " + message.replace('\n', ' '));
  }

  private static String words(FileSystemException problem) {
    if (problem instanceof NoSuchFileException) {
      return "no such file or directory, nor can it be made";
    }
    return problem instanceof AccessDeniedException
        ? "no permission"
        : problem.getClass().getSimpleName();
  }
}
