/**
 * Benchmarks, built by {@code mvn -Pbench -DskipTests package} and run by {@code java -jar
 * gateway/target/benchmarks.jar}. They inform, they are no gate. Not part of the shipped jar.
 */
@NullMarked
package app.avalo.gateway.bench;

import org.jspecify.annotations.NullMarked;
