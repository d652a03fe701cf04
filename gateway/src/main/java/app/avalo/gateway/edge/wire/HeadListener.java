package app.avalo.gateway.edge.wire;

/** Told of what takes time or breaks off on a connection; on its loop. */
public interface HeadListener {
  /** A head has begun and is not complete. Told again as long as that is so. */
  void headBegan();

  /** A head is complete, or refused. */
  void headEnded();

  /** The body of the request that is being read cannot be framed, which only HTTP/1.x can say. */
  void bodyBroken();

  /**
   * Whether so many requests of the connection have been answered.
   *
   * @param otherwise run when one more has been
   */
  boolean areAnswered(int requests, Runnable otherwise);
}
