package app.avalo.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The arrows of the design, held by the build. */
class ArchitectureTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          // The fixtures of the other module come as a jar.
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("app.avalo.gateway");

  private static final String ROOT = "app.avalo.gateway.";

  @Test
  void configuration_imports_neither_filters_nor_the_process() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "config..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "filter..",
            ROOT + "edge..",
            ROOT + "forward..",
            ROOT + "run..",
            "io.vertx..",
            "io.netty..")
        .check(ALL);
  }

  @Test
  void filters_do_not_import_the_process() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "filter..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "edge..",
            ROOT + "pipeline..",
            ROOT + "forward..",
            ROOT + "upstream..",
            ROOT + "region..",
            ROOT + "run..",
            ROOT + "admin..",
            ROOT + "cli..")
        .check(ALL);
  }

  @Test
  void health_pools_and_deadlines_know_nothing_of_the_forwarder() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "region..", ROOT + "upstream..", ROOT + "deadline..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "forward..", ROOT + "edge..", ROOT + "run..")
        .check(ALL);
  }

  @Test
  void health_does_not_see_preference_and_nobody_who_orders_regions_sees_health() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "region..")
        .should()
        .dependOnClassesThat()
        .haveSimpleName("RegionPreference")
        .check(ALL);
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + "edge..", ROOT + "pipeline..", ROOT + "upstream..", ROOT + "filter..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + "region..")
        .check(ALL);
  }

  @Test
  void the_forwarder_does_not_import_the_edge() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "forward..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "edge..", ROOT + "run..", ROOT + "admin..")
        .check(ALL);
  }

  @Test
  void packages_have_no_cycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(ALL);
  }

  @Test
  void filters_are_named_for_what_they_are() {
    classes().that().implement(Filter.class).should().haveSimpleNameEndingWith("Filter").check(ALL);
  }

  @Test
  void only_the_edge_ends_an_exchange() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "edge..", ROOT + "filter")
        .should()
        .callMethod(Exchange.class, "ended", long.class)
        .check(ALL);
  }

  @Test
  void only_the_forwarder_says_which_region_is_tried() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "forward..", ROOT + "filter")
        .should()
        .callMethod(Exchange.class, "attempt", app.avalo.gateway.config.plan.Region.class)
        .check(ALL);
  }

  @Test
  void a_package_holds_at_most_twelve_types() {
    Map<String, Long> types =
        ALL.stream()
            .filter(type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
            .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));

    assertThat(types)
        .isNotEmpty()
        .allSatisfy((name, count) -> assertThat(count).isBetween(1L, 12L));
  }
}
