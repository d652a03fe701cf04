package app.avalo.gateway.keep;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Waits until every event loop that serves clients works by the latest maps: each is given a task,
 * and whoever looks at a map in the same turn as it sends has sent by then. A loop that hangs holds
 * it up, as it must.
 */
final class Barrier {
  private final List<Member> members = new CopyOnWriteArrayList<>();

  /**
   * One event loop.
   *
   * @param loop runs tasks on it, in order
   * @param follow what it does with new maps, there
   */
  private record Member(Executor loop, Runnable follow) {}

  void join(Executor loop, Runnable follow) {
    members.add(new Member(loop, follow));
  }

  /** Runs the task when all have followed; at once while there is nobody. */
  void pass(Executor control, Runnable task) {
    List<Member> all = List.copyOf(members);
    if (all.isEmpty()) {
      task.run();
      return;
    }
    AtomicInteger left = new AtomicInteger(all.size());
    for (Member member : all) {
      member
          .loop()
          .execute(
              () -> {
                member.follow().run();
                if (left.decrementAndGet() == 0) {
                  control.execute(task);
                }
              });
    }
  }
}
