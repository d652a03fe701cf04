package app.avalo.gateway.config;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plain JUnit on purpose: rules in fields are skipped without a word when tests are selected by
 * name.
 */
class ImportRulesTest {
  private static final String ROOT = "app.avalo.gateway.config";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  private static final ArchRule NO_RUNTIME =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.vertx..", "io.netty..", "java.util.concurrent..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.Thread")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.time.Clock")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.time.Instant")
          .because("everything here is a function of bytes");

  private static final ArchRule THE_PLAN_DOES_NOT_KNOW_FILES =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".plan")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT + ".load", ROOT + ".bind", ROOT + ".section", ROOT + ".yaml");

  private static final ArchRule VALUES_KNOW_ONLY_UNITS =
      noClasses()
          .that()
          .resideInAPackage(ROOT)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              ROOT + ".plan", ROOT + ".load", ROOT + ".bind", ROOT + ".section", ROOT + ".yaml");

  private static final ArchRule UNITS_KNOW_NOTHING =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".unit")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages(ROOT + ".unit", "java..", "org.jspecify..");

  private static final ArchRule THE_TREE_KNOWS_NO_GATEWAY =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".yaml")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              ROOT,
              ROOT + ".unit",
              ROOT + ".plan",
              ROOT + ".load",
              ROOT + ".bind",
              ROOT + ".section");

  private static final ArchRule SECTIONS_KNOW_THE_TREE_AND_UNITS =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".section")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT, ROOT + ".plan", ROOT + ".load", ROOT + ".bind");

  private static final ArchRule NO_CYCLES =
      slices().matching(ROOT + ".(*)").should().beFreeOfCycles();

  static List<ArchRule> rules() {
    return List.of(
        NO_RUNTIME,
        THE_PLAN_DOES_NOT_KNOW_FILES,
        VALUES_KNOW_ONLY_UNITS,
        UNITS_KNOW_NOTHING,
        THE_TREE_KNOWS_NO_GATEWAY,
        SECTIONS_KNOW_THE_TREE_AND_UNITS,
        NO_CYCLES);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void importsPointOneWay(ArchRule rule) {
    rule.check(CLASSES);
  }
}
