package app.avalo.gateway.failover;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.failover.PinnedUsers.Visit;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RegionProcess;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Users bound to a region lose it while they chat, call and pay, with the platform's own health
 * checks: everybody is served elsewhere within three seconds, moved once, and never by two.
 */
@Tag("alone")
class PinnedRegionDiesIT {
  private static final Duration BEFORE = Duration.ofSeconds(1);
  private static final Duration AFTER = Duration.ofSeconds(5);

  private final Map<String, RegionProcess> regions = new TreeMap<>();
  private RunningGateway gateway;
  private PinnedUsers users;

  @BeforeEach
  void start() {
    for (String name : List.of("eu", "us", "asia")) {
      regions.put(name, RegionProcess.start(name));
    }
    String everywhere =
        ThreeRegions.everywhere(
            regions.get("eu").port(), regions.get("us").port(), regions.get("asia").port());
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES.replaceAll("defaults:\n.*\n", "")
                + PinnedUsers.apiKeys()
                + """
                services:
                  chat: {pin: {contract: move}, %1$s}
                  calls: {pin: {contract: stay}, %1$s}
                  wallet: {pin: {contract: single-home}, %1$s}
                routes:
                  - {name: chat, match: {path: {prefix: /chat}}, service: chat}
                  - {name: calls, match: {path: {prefix: /calls}}, service: calls}
                  - {name: wallet, match: {path: {prefix: /wallet}}, service: wallet}
                """
                    .formatted(everywhere));
    Awaiting.until(gateway.gateway()::isReady);
    users = new PinnedUsers(gateway.port());
    users.arrive();
  }

  @AfterEach
  void stop() {
    users.close();
    gateway.close();
    regions.values().forEach(RegionProcess::close);
  }

  @Test
  void the_users_of_a_killed_region_are_served_elsewhere_within_three_seconds() {
    everybodyMovesOnce(RegionProcess::kill);
  }

  @Test
  void the_users_of_a_stopped_region_are_served_elsewhere_within_three_seconds() {
    everybodyMovesOnce(RegionProcess::stop);
  }

  private void everybodyMovesOnce(Consumer<RegionProcess> fault) {
    users.goOnFor(BEFORE);
    fault.accept(regions.get("eu"));
    users.goOnFor(AFTER);
    Map<String, List<Visit>> lines = users.leave();

    for (Map.Entry<String, List<Visit>> line : lines.entrySet()) {
      List<Visit> visits = line.getValue();
      String told = line.getKey() + " " + changes(visits);
      if (visits.get(0).home().equals("eu")) {
        assertThat(PinnedUsers.worstGap(visits)).as(told).isLessThan(Duration.ofSeconds(3));
        assertMovedOnce(told, visits);
      } else {
        assertUnaffected(told, visits);
      }
    }
    assertOneOwnerPerEpoch(lines);
    assertNoWriteTwice();
  }

  private static void assertMovedOnce(String told, List<Visit> visits) {
    List<Visit> changes = changes(visits);
    assertThat(changes).as(told).hasSize(2);
    assertThat(changes.get(0).region()).as(told).isEqualTo("eu");
    assertThat(changes.get(1).region()).as(told).isNotEqualTo("eu");
    assertThat(changes.get(1).epoch()).as(told).isGreaterThan(changes.get(0).epoch());
  }

  private static void assertUnaffected(String told, List<Visit> visits) {
    assertThat(visits).as(told).allMatch(Visit::good);
    assertThat(changes(visits)).as(told).hasSize(1);
    assertThat(visits.get(0).region()).as(told).isEqualTo(visits.get(0).home());
  }

  /** The good visits at which region or epoch were others than before. */
  private static List<Visit> changes(List<Visit> visits) {
    List<Visit> changes = new ArrayList<>();
    for (Visit visit : visits) {
      Visit last = changes.isEmpty() ? null : changes.get(changes.size() - 1);
      if (visit.good()
          && (last == null
              || !last.region().equals(visit.region())
              || last.epoch() != visit.epoch())) {
        changes.add(visit);
      }
    }
    return changes;
  }

  private static void assertOneOwnerPerEpoch(Map<String, List<Visit>> lines) {
    lines.forEach(
        (line, visits) -> {
          Map<Long, String> owners = new HashMap<>();
          for (Visit visit : visits) {
            if (!visit.region().isEmpty()) {
              assertThat(owners.putIfAbsent(visit.epoch(), visit.region()))
                  .as(visit.toString())
                  .isIn(null, visit.region());
            }
          }
        });
  }

  /** Payments are not repeated: what one region has received, no other has. */
  private void assertNoWriteTwice() {
    Set<String> seen = new HashSet<>();
    for (RegionProcess region : regions.values()) {
      for (String id : region.ids()) {
        if (id.contains("/wallet/")) {
          assertThat(seen.add(id)).as(id).isTrue();
        }
      }
    }
  }
}
